"""Doors: how they are, what they ask for, commands to them; the live page."""
