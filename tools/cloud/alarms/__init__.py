"""Alarms: what must be looked at, until it is over or acknowledged."""
