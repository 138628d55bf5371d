"""What rules need beside doors: PIN entry, door modes, rule memory. Each is made when rules or a command first need it.

A follower has follow(rules, now) and upkeep(now), called in an idle moment every few seconds.
"""

from .loop import EMERGENCY


def fit(loop, rules):
    """Makes what these rules need and is not there yet. It goes on when later rules need it no more."""
    fields = set()
    for unit in loop.doors:
        fields.update(rules.door(unit.number))
    if rules.remembers:
        from .rule_memory import RuleMemory

        follower(loop, RuleMemory)
    if "who" in fields:
        from .pin_entry import PinEntry

        follower(loop, PinEntry)
    if fields & {"free", "office", "rex_schedule"} or loop.journal.get(EMERGENCY):
        from .door_modes import DoorModes

        follower(loop, DoorModes)


def follower(loop, kind):
    """The one of that class on this board; it has yet to follow the rules when it is new."""
    for known in loop.followers:
        if type(known) is kind:
            return known
    made = kind(loop)
    loop.followers.append(made)
    return made
