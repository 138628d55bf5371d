"""People and their building."""

import random
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

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


def test_what_a_story_writes_into_one_building_is_in_no_other():
    one = generate(7, 30, random.Random(1))
    for holder in one["people"] + one["strangers"]:
        holder["unsure"] = 1
    other = generate(7, 30, random.Random(1))
    assert not any("unsure" in holder for holder in other["people"] + other["strangers"] + BUILDING["strangers"])


def test_a_generated_building_is_the_seed_s():
    assert generate(10, 30, random.Random(1)) == generate(10, 30, random.Random(1))
    assert len(doors_of(generate(7, 30, random.Random(1)))) == 7


def test_an_office_has_its_rhythm_by_its_own_clock_and_as_many_visits_a_day():
    thursday = int(datetime(2026, 11, 26, tzinfo=ZoneInfo("Europe/Oslo")).timestamp())
    office = dict(BUILDING, rhythm="office", zone="Europe/Oslo")
    by_hour, weekend = Counter(), 0
    for walker in person.people_of(office, 2_000, random.Random(3), thursday):
        now = 0
        while (visit := walker.next_visit(now)).at < 4 * 86_400_000:
            now = visit.at
            there = datetime.fromtimestamp(thursday + now / 1000, ZoneInfo("Europe/Oslo"))
            if there.weekday() < 5:
                by_hour[there.hour] += 1
            else:
                weekend += 1
    assert 0.95 < sum(by_hour.values()) / (2 * 6 * 2_000) < 1.05  # visits a day at each of six doors
    assert by_hour[8] > 50 * by_hour[3] and by_hour[8] > 2 * by_hour[10] and by_hour[16] > 2 * by_hour[13]
    assert weekend < sum(by_hour.values()) / 20
