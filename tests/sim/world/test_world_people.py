"""People and their building."""

import random

from sim.world import person
from sim.world.building import BUILDING, doors_of, generate, may_pass
from sim.world.wiegand import card_bits


def visits(seed, count=2_000):
    everyone = person.people_of(BUILDING, 200, random.Random(seed))
    walker, now = everyone[0], 0
    for _ in range(count):
        visit = walker.next_visit(now)
        now = visit.at
        yield visit


def test_the_demo_building_has_what_the_story_needs():
    assert len(doors_of(BUILDING)) == 6 and len({name for _, _, name in doors_of(BUILDING)}) == 6
    lengths = {len(card_bits(one["card"])) for one in BUILDING["people"]}
    assert lengths == {26, 34}
    assert any(len(one["doors"]) < 6 for one in BUILDING["people"])
    assert len({card_bits(one["card"]) for one in BUILDING["people"] + BUILDING["strangers"]}) == 11


def test_rights():
    per = BUILDING["people"][-1]
    assert may_pass(per, "Postrom", utc=per["until"] - 1)
    assert not may_pass(per, "Postrom", utc=per["until"])
    assert not may_pass(BUILDING["people"][0], "No such door", utc=0)
    assert not may_pass(BUILDING["strangers"][0], "Postrom", utc=0)


def test_one_seed_one_story():
    assert list(visits(1, 100)) == list(visits(1, 100))
    assert list(visits(1, 100)) != list(visits(2, 100))


def test_everything_people_do_happens():
    done = {step.do for visit in visits(3) for step in visit.steps}
    assert done == {person.TAP, person.PUSH, person.PRESS, person.LET_GO, person.MISREAD, person.FORCE}


def test_visits_come_as_often_as_asked():
    everyone = person.people_of(BUILDING, 200, random.Random(5))
    day = 86_400_000
    count = 0
    for walker in everyone:
        now = 0
        while (visit := walker.next_visit(now)).at < 10 * day:
            now = visit.at
            count += 1
    assert 0.9 < count / (200 * 6 * 10) < 1.1


def test_a_generated_building_is_the_seed_s():
    assert generate(10, 30, random.Random(1)) == generate(10, 30, random.Random(1))
    assert len(doors_of(generate(7, 30, random.Random(1)))) == 7
