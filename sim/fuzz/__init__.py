"""Hostile messages by the hundred thousand: where the wire's structure is known and meant to be broken."""
