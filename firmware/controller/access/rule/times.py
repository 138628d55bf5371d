"""Times: from when, at which hours, and how long without the cloud a credential may pass."""

from ...events import DENIED_NO_CLOCK, DENIED_NOT_YET, DENIED_OFFLINE, DENIED_TIME


def valid_from(tap):
    """A credential may not pass before its time has come; without a clock none that has a beginning passes."""
    begins = tap.profile.get("from")
    if not begins:
        return 0
    if not tap.utc:
        return DENIED_NO_CLOCK
    return DENIED_NOT_YET if tap.utc < begins else 0


def in_schedule(tap):
    """Outside the schedule of its door a credential is denied; without a clock nobody can say."""
    schedule = tap.profile[tap.door]
    if tap.rules.on(schedule, tap.utc):
        return 0
    return DENIED_TIME | schedule << 8 if tap.utc else DENIED_NO_CLOCK


def offline(tap):
    """A door may say for how long it lets people pass without having heard the cloud.

    When the time is not known, nobody can say for how long that was.
    """
    hours = tap.here.get("offline_hours")
    if hours is None:
        return 0
    heard = tap.rules.heard(tap.utc)
    return 0 if tap.utc and heard and tap.utc - heard < hours * 3600 else DENIED_OFFLINE


def excusing(rule):
    """The same rule, not asked without a clock for profiles that say so."""
    return lambda tap: 0 if not tap.utc and "no_clock" in tap.profile else rule(tap)
