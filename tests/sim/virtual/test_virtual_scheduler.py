"""Virtual time: order, jumps, tasks, locks."""

import pytest

from sim.virtual.net import VirtualNetwork
from sim.virtual.scheduler import MS, SECOND, Scheduler, Stuck
from sim.virtual.thread import ThreadLock


class Owner:
    """What a lock wants of its chip."""

    on = True

    def __init__(self, scheduler, stir=0.0):
        self.scheduler = scheduler
        self.stir = stir
        self.chance = scheduler.chance("owner")

    def check(self):
        pass

    def left(self, task):
        pass


def test_what_is_due_happens_in_order_of_time_and_then_of_asking():
    world, seen = Scheduler(), []
    world.at(20, seen.append, "later")
    world.at(10, seen.append, "first")
    world.at(10, seen.append, "second")
    world.at(10, world.at, 5, seen.append, "asked for the past")
    world.run(until=100)
    assert seen == ["first", "second", "asked for the past", "later"]
    assert world.now == 100


def test_what_is_cancelled_does_not_happen():
    world, seen = Scheduler(), []
    world.at(10, seen.append, "no").cancel()
    world.run(until=100)
    assert seen == []


def test_a_run_stops_at_its_end_and_goes_on_later():
    world, seen = Scheduler(), []

    def task():
        while True:
            seen.append(world.now)
            world.block(world.now + 10)

    world.spawn(task)
    world.run(until=25)
    assert seen == [0, 10, 20]
    world.run(until=40)
    assert seen == [0, 10, 20, 30, 40]


def test_tasks_wait_for_each_other_in_virtual_time():
    world, seen = Scheduler(), []

    def sleeper(name, step):
        for _ in range(3):
            world.block(world.now + step)
            seen.append((world.now, name))

    world.spawn(lambda: sleeper("a", 10))
    world.spawn(lambda: sleeper("b", 15))
    world.run(until=1_000)
    # At 30 both are due: b asked for it at 15, a at 20.
    assert seen == [(10, "a"), (15, "b"), (20, "a"), (30, "b"), (30, "a"), (45, "b")]


def test_a_wait_ends_early_when_woken_and_the_old_timeout_is_void():
    world, seen = Scheduler(), []

    def waiter():
        seen.append((world.block(100), world.now))
        seen.append((world.block(500), world.now))

    task = world.spawn(waiter)
    world.at(40, task.wake)
    world.run(until=1_000)
    assert seen == [(True, 40), (False, 500)]


def test_a_jump_costs_nothing():
    world = Scheduler()

    def task():
        world.block(365 * 86_400 * SECOND)

    world.spawn(task)
    world.run(until=400 * 86_400 * SECOND)
    assert world.happened < 5


def test_time_that_stands_still_is_noticed():
    world = Scheduler()

    def spin():
        while True:
            world.block(world.now)

    world.spawn(spin)
    with pytest.raises(Stuck):
        world.run(until=10)


def test_an_error_in_a_task_ends_the_run():
    world = Scheduler()
    world.spawn(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        world.run(until=10)


def test_one_task_may_kill_another_and_goes_on():
    world, seen = Scheduler(), []

    def victim():
        try:
            world.block(1_000)
        finally:
            seen.append("victim")

    def killer():
        first.kill(KeyboardInterrupt())
        second.kill(KeyboardInterrupt())
        seen.append("killer")

    def guarded():
        try:
            victim()
        except KeyboardInterrupt:
            pass

    first = world.spawn(guarded)
    world.spawn(killer)
    second = world.spawn(guarded)  # has not begun when it dies
    world.run(until=2_000)
    assert seen == ["victim", "killer"]
    assert first.dead and second.dead


def test_code_that_outlives_its_end_is_a_fault():
    world = Scheduler()

    def stubborn():
        while True:
            try:
                world.block(1_000)
            except BaseException:  # noqa: BLE001 - that is the point
                pass

    task = world.spawn(stubborn)
    world.run(until=0)
    with pytest.raises(RuntimeError, match="bare except"):
        task.kill(KeyboardInterrupt())


def test_a_lock_is_first_come_first_served():
    world, seen = Scheduler(), []
    lock = ThreadLock(Owner(world))

    def user(name):
        with lock:
            seen.append((world.now, name))
            world.block(world.now + 10)

    for name in "abc":
        world.spawn(lambda name=name: user(name))
    world.run(until=1_000)
    assert seen == [(0, "a"), (10, "b"), (20, "c")]
    assert not lock.locked()


def test_a_lock_with_patience():
    world, seen = Scheduler(), []
    lock = ThreadLock(Owner(world))

    def owner():
        lock.acquire()
        world.block(50 * MS)
        lock.release()

    def user():
        seen.append(lock.acquire(False))
        seen.append((lock.acquire(True, 0.02), world.now))
        seen.append((lock.acquire(True, 1), world.now))

    world.spawn(owner)
    world.spawn(user)
    world.run(until=SECOND)
    assert seen == [False, (False, 20 * MS), (True, 50 * MS)]


def test_a_lock_handed_over_at_the_very_end_of_patience_is_owned():
    world, seen = Scheduler(), []
    lock = ThreadLock(Owner(world))

    def user():
        world.block(1)
        seen.append(lock.acquire(True, 0.02))

    def owner():
        lock.acquire()
        world.block(1 + 20 * MS)
        lock.release()

    world.spawn(owner)
    world.spawn(user)
    world.run(until=SECOND)
    assert seen == [True] and lock.locked()


def test_a_lock_that_is_not_held_cannot_be_released():
    with pytest.raises(RuntimeError):
        ThreadLock(Owner(Scheduler())).release()


def test_chance_belongs_to_its_user():
    one, two = Scheduler(1), Scheduler(1)
    one.chance("a").random()
    assert one.chance("b").random() == two.chance("b").random()
    assert one.chance("b").random() != Scheduler(2).chance("b").random()
    assert VirtualNetwork(one).latency() == VirtualNetwork(two).latency()
