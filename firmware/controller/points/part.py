"""What the parts of a door have in common (features.py gives them to doors)."""


class Part:
    """A part that has nothing to wait for and leaves no traces."""

    def watch(self, unit, record, now):
        """Called in every step, after the door itself was looked at."""

    def deadline(self):
        """When watch() has something to do of itself."""

    def leave(self, unit):
        """New rules: the door gets other parts."""
