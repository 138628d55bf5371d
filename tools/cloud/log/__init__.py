"""The log: its chain, digests, retention, words and pages."""
