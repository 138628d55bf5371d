"""Breaches of security: whose data others could get at, which of it, who is told by when, and what was done."""
