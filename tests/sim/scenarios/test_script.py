"""What a scenario's file may say, and what is said of a faulty one: file, field, why."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sim.story import script
from sim.virtual.scheduler import DAY, SECOND

GOOD = """
title = "A test"
story = "Nothing much."
days = 2
seed = 9

[[happening]]
at = "day 2 08:30"
do = "tap"
who = "Ingrid Solheim"
door = "Garasje"

[[expect]]
figure = "lost"
is = 0
"""


def load(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return script.load(path)


def test_a_story_as_its_file_tells_it(tmp_path):
    story = load(tmp_path, GOOD)
    assert (story.name, story.title, story.seed, story.days) == ("mine", "A test", 9, 2)
    (tap,) = story.happenings
    assert tap.at == DAY + 8 * 3_600 * SECOND + 1_800 * SECOND
    assert (tap.do, tap.who, tap.door) == ("tap", "Ingrid Solheim", "Garasje")
    assert script.load(tmp_path / "mine.toml", seed=4).seed == 4


def test_what_comes_again_is_many_happenings(tmp_path):
    story = load(tmp_path, GOOD.replace('door = "Garasje"', 'door = "Garasje"\nevery = "90 s"\ntimes = 4'))
    first = story.happenings[0].at
    assert [one.at - first for one in story.happenings] == [0, 90 * SECOND, 180 * SECOND, 270 * SECOND]


def test_a_story_has_a_building_of_its_own(tmp_path):
    one, other = load(tmp_path, GOOD), load(tmp_path, GOOD)
    one.description["people"][0]["doors"].clear()
    assert other.description["people"][0]["doors"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "A test"', "", "mine.toml: title: must be a text"),
        ("days = 2", 'days = "2"', "mine.toml: days: must be a number from 0.0001 to 3650, not '2'"),
        ("seed = 9", "sead = 9", "mine.toml: sead: is no field; did you mean 'seed'?"),
        ('do = "tap"', 'do = "tapp"', "mine.toml: happening 1: do: 'tapp' is not known; did you mean 'tap'?"),
        ('"Garasje"', '"Garage"', "happening 1: door: 'Garage' is not known; did you mean 'Garasje'?"),
        ('"Ingrid Solheim"', '"Ingrid"', "happening 1: who: 'Ingrid' is not known"),
        ('who = "Ingrid Solheim"', "", "happening 1: who: is missing; 'tap' needs it"),
        ('"day 2 08:30"', '"tomorrow"', "happening 1: at: 'tomorrow' must be a time such as"),
        ('"day 2 08:30"', '"25:00"', "happening 1: at: '25:00' is no time of day"),
        ('"day 2 08:30"', '"day 4 08:30"', "happening 1: at: 'day 4 08:30' is after the story's end; `days` is 2"),
        ('do = "tap"', 'do = "tap"\nwhere = "all"', "happening 1: where: is no field of 'tap'"),
        ('do = "tap"', 'do = "tap"\nevery = "1 min"', "happening 1: every: `every` and `times` go together"),
        ('do = "tap"', 'do = "tap"\nevery = "1 h"\ntimes = 99', "times: the last would be at day 6 10:30:00"),
        ('"lost"', '"loss"', "expect 1: figure: 'loss' is not known; did you mean 'lost'?"),
        ("is = 0", "", "expect 1: needs a limit: is, at_least or at_most"),
        ("[[expect]]", "[expect]", "mine.toml: expect: must be written as [[expect]]"),
        ('figure = "lost"\nis = 0', "", "expect 1: must say exactly one of"),
        ('title = "A test"', "title = A test", "mine.toml: is no TOML (Invalid value (at line 2"),
        ("seed = 9", "[faults]\nbad = 1", "mine.toml: faults: bad: is no field"),
        ("seed = 9", 'person = [{name = "A", card = [26, 300, 1], doors = []}]', "300 does not fit a card of 26 bits"),
        ('do = "tap"\nwho = "Ingrid Solheim"\ndoor = "Garasje"', 'do = "revoke"\nwho = "Funnet kort"', "a stranger"),
    ],
)
def test_a_faulty_file_is_told_by_its_field(tmp_path, old, new, said):
    assert old in GOOD
    with pytest.raises(script.Faulty) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(error.value)
    assert str(error.value).startswith(("mine.toml: ", str(tmp_path)))


def test_a_story_that_expects_nothing_is_none(tmp_path):
    with pytest.raises(script.Faulty, match="expects nothing"):
        load(tmp_path, GOOD[: GOOD.index("[[expect]]")])


def test_a_scenario_is_found_by_its_name(tmp_path):
    assert script.find("office-day").name == "office-day.toml"
    with pytest.raises(script.Faulty, match="did you mean 'office-day'"):
        script.find("ofice-day")


@pytest.mark.parametrize("path", script.stories(), ids=lambda path: path.stem)
def test_ours_are_without_fault_and_say_that_nothing_is_lost(path):
    story = script.load(path)
    assert any(one.figure == "lost" for one in story.expects)
    assert len(story.about) > 60


TIMES = """
title = "A test"
story = "The night of the change."
days = 0.5
begins = 2026-10-24T22:00:00

[[schedule]]
name = "bakers"
times = ["sunday 02:00-10:00", "every day 23:00-24:00"]

[[person]]
name = "Baker"
card = [26, 1, 1]
doors = ["Garasje"]
until = 2026-10-26
hours = "bakers"

[[happening]]
at = 2026-10-25T02:30:00+02:00
do = "tap"
who = "Baker"
door = "Garasje"

[[happening]]
at = 2026-10-25T02:30:00+01:00
do = "tap"
who = "Baker"
door = "Garasje"

[[happening]]
at = 23:30:00
do = "tap"
who = "Baker"
door = "Garasje"

[[expect]]
figure = "lost"
is = 0
"""


def test_times_are_those_of_the_clock_on_the_wall(tmp_path):
    story = load(tmp_path, TIMES)
    assert story.begins == 1_792_872_000  # 20:00 UTC
    assert [one.at // SECOND for one in story.happenings] == [5_400, 4 * 3_600 + 1_800, 5 * 3_600 + 1_800]
    baker = next(one for one in story.description["people"] if one["name"] == "Baker")
    assert baker["until"] == 1_792_969_200  # 25 October has 25 hours there
    assert baker["hours"] == ("Europe/Oslo", [[64, 120, 600], [127, 1_380, 1_440]])


def test_a_local_end_in_a_story_of_no_place_is_refused(tmp_path):
    guest = '[[person]]\nname = "Guest"\ncard = [26, 1, 1]\ndoors = ["Garasje"]\nuntil = 2026-12-01'
    with pytest.raises(script.Faulty, match="person 1: until: 2026-12-01 is a time of Europe/Oslo, and the story's"):
        load(tmp_path, GOOD + guest)
    story = load(tmp_path, GOOD + guest + "T00:00:00+01:00")
    assert next(one for one in story.description["people"] if one["name"] == "Guest")["until"] == 1_796_079_600


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("T22:00:00", "T22:00:00+25:00", "is no TOML"),
        ("begins = 2026-10-24", "begins = 2006-10-24", "begins: must lie in the years 2025 to 2089"),
        ("begins = 2026-10-24T22:00:00", 'begins = "today"', "begins: today must be a date, or a time such as"),
        ("02:30:00+02:00", "02:30:00", "is twice or never on that clock; say which with an offset"),
        ("at = 23:30:00", "at = 21:30:00", "happening 3: at: datetime.time(21, 30) is before the story begins"),
        ("begins =", 'zone = "Oslo"\nbegins =', "mine.toml: zone: 'Oslo' is not known; it may be Europe/Oslo, UTC"),
        ("begins =", 'board = "esp"\nbegins =', "mine.toml: board: 'esp' is not known; it may be esp32-"),
        ("sunday 02", "sundays 02", "schedule 1: times: 'sundays 02:00-10:00' must be like"),
        ("02:00-10:00", "12:00-10:00", "schedule 1: times: 'sunday 12:00-10:00': it must end after it begins"),
        ('hours = "bakers"', 'hours = "cooks"', "person 1: hours: 'cooks' is not known; it may be bakers"),
        ("until = 2026-10-26", 'until = "soon"', "person 1: until: soon must be a date"),
        ('23:30:00\ndo = "tap"\nwho = "Baker"', '23:30:00\ndo = "bell"', "the board has no input of kind 'bell'"),
    ],
)
def test_a_faulty_time_or_place_is_told_by_its_field(tmp_path, old, new, said):
    assert old in TIMES
    with pytest.raises(script.Faulty) as error:
        load(tmp_path, TIMES.replace(old, new, 1))
    assert said in str(error.value)


def test_the_office_day_is_a_working_day_where_the_office_is() -> None:
    story = script.load(script.find("office-day"))
    begins = datetime.fromtimestamp(story.begins, ZoneInfo(story.description["zone"]))
    assert begins.strftime("%A %H:%M") == "Thursday 06:00"
    assert story.description["rhythm"] == "office"
    [courier] = [one for one in story.happenings if one.do == "release"]
    assert begins.hour + courier.at / 3_600_000_000 == 14  # as the story tells it: by the clock on its wall
