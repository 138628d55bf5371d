"""Backups of the database: encrypted, checked, and put back without anybody who was erased since."""
