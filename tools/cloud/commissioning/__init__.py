"""Commissioning: what an installer has tried at one controller."""
