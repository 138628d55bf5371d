"""No clock: whose times are not asked while the time is not known."""


def excusing(rule):
    """The same rule, not asked without a clock for profiles that say so."""
    return lambda tap: 0 if not tap.utc and "no_clock" in tap.profile else rule(tap)
