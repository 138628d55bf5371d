"""Scenarios: stories told in TOML, played in a virtual building, and checked."""
