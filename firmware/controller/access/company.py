"""Company: who passes a door together with another one."""


def along(tap):
    """Whether who waits at the door passes along: a visitor with an escort, the first with the second person."""
    first = tap.company
    if first is None or first.key == tap.key:
        return False
    return first.says("escort") != "needs" or tap.says("escort") == "gives"
