"""The record of changes, and of views: who changed what, who looked at whose passages."""
