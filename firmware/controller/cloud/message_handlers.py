"""What the cloud says seldom: rules, commands, whole tables, updates. Loaded with the first such message."""

from .wire import BUCKETS_ASKED, COMMAND, PASSED, RULES, SECRET, SNAPSHOT, UPDATE, unpacked


def handle(sync, loop, message, now):
    """One message. KeyError: there is no such kind."""
    _DOES[message[0]](sync, loop, message, now)


def _rules(sync, loop, message, now):
    if "rules" not in sync.handlers:
        from .rules_download import Staging

        sync.handlers["rules"] = Staging(sync.folder)
    sync.say(sync.handlers["rules"].take(loop, message, now))


def _command(sync, loop, message, now):
    from .commands import run

    run(sync, loop, message, now)


def _snapshot(sync, loop, message, now):
    from .snapshot_download import Coming

    if unpacked("<IHH", message)[1] == 0:
        sync.coming = Coming(loop.table)
    if sync.coming is None:
        raise ValueError("snapshot: part")
    sync.coming.check(message)
    sync.begin(sync.coming.take(sync, message, now), now)


def _buckets(sync, loop, message, now):
    from .snapshot_download import sums

    sync.begin(sums(sync, loop.table, message), now)


def _update(sync, loop, message, now):
    if "update" not in sync.handlers:
        from .update import Updates

        sync.handlers["update"] = Updates(sync.folder)
    sync.handlers["update"].take(sync, loop, message, now)


def _passed(sync, loop, message, now):
    from .area_updates import take

    take(loop, message, now)


def _secret(sync, loop, message, now):
    from .rotate import take

    take(sync, loop, message, now)


_DOES = {
    SECRET: _secret,
    PASSED: _passed,
    RULES: _rules,
    COMMAND: _command,
    SNAPSHOT: _snapshot,
    BUCKETS_ASKED: _buckets,
    UPDATE: _update,
}
