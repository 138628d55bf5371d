"""The words of the pages: every event code has some, cards stay masked, nothing is left untranslated."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.controller import events

ROOT = Path(__file__).parents[4]
APPS = [ROOT / "tools/cloud/pages", ROOT / "tools/run/pages"]
CLOUD = sorted(path.parent for path in (ROOT / "tools/cloud").glob("*/locale"))  # whose words all pages share
FLAGS = {"TIME_TRUSTED", "NEW_KEY", "CHAIN_BEGINS", "COMMISSIONING"}
CODES = {
    name: value
    for name, value in vars(events).items()
    if name.isupper() and isinstance(value, int) and name not in FLAGS
}


def _catalogue(app: Path) -> gettext.GNUTranslations:
    with (app / "locale/nb/LC_MESSAGES/django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def _source(app: Path) -> list[tuple[str, str]]:
    """(msgid, msgstr) of the .po; of a plural both forms."""
    text = (app / "locale/nb/LC_MESSAGES/django.po").read_text("utf-8")
    text = re.sub(r'"\n"', "", text)
    pairs: list[tuple[str, str]] = []
    for block in text.split("\n\n")[1:]:
        entry: dict[str, str] = dict(re.findall(r'^(msgid|msgid_plural|msgstr|msgstr\[\d\]) "(.*)"$', block, re.M))
        pairs.append((entry["msgid"], entry["msgstr" if "msgstr" in entry else "msgstr[0]"]))
        if "msgid_plural" in entry:
            pairs.append((entry["msgid_plural"], entry["msgstr[1]"]))
    return pairs


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("language", ["en", "nb"])
def test_every_event_code_has_a_sentence(name: str, language: str) -> None:
    from django.utils.translation import override

    from tools.cloud.log import words

    assert CODES[name] in words.EVENTS, f"put a sentence for {name} into tools/cloud/log/table.py"
    with override(language):
        for extra in (0, 1, 2, 255):
            assert len(words.sentence(CODES[name], extra, named=False)) > 3


def test_a_code_of_a_newer_firmware_is_shown_by_its_number() -> None:
    from tools.cloud.log import words

    assert "250" in words.sentence(250, 0, named=False)


def test_a_revoked_card_is_not_called_unknown() -> None:
    from django.utils.translation import override

    from tools.cloud.log import words

    with override("en"):
        assert "no longer" in words.sentence(events.DENIED_UNKNOWN, 0, named=True)
        assert "unknown" in words.sentence(events.DENIED_UNKNOWN, 0, named=False)


@given(facility=st.integers(0, 255), number=st.integers(0, 65535))
def test_a_card_is_masked(facility: int, number: int) -> None:
    from tools.cloud.log import words

    shown = words.card(26, facility << 16 | number)
    digits = "".join(re.findall(r"\d", shown.replace("26", "", 1)))
    assert len(digits) == 3
    assert f"{number:05d}".endswith(digits)


@pytest.mark.parametrize("app", [*CLOUD, APPS[1]], ids=lambda app: f"{app.parent.name}-{app.name}")
def test_everything_is_translated_and_compiled(app: Path) -> None:
    compiled = _catalogue(app)
    source = _source(app)
    assert source
    for english, norwegian in source:
        assert norwegian, english
        holes = r"%\(\w+\)[sd]|\{\w+\}"
        assert set(re.findall(holes, english)) == set(re.findall(holes, norwegian)) or "%(first)s" in norwegian
        assert norwegian in (compiled.gettext(english), *compiled._catalog.values())  # type: ignore[attr-defined]


def test_no_two_rooms_translate_one_text_differently() -> None:
    """Django takes the first it finds: which one would depend on the order of folders."""
    words: dict[str, str] = {}
    for room in CLOUD:
        for english, norwegian in _source(room):
            assert words.setdefault(english, norwegian) == norwegian, (room.name, english)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.parent.name)
def test_no_text_of_a_template_is_missing_in_the_translation(app: Path) -> None:
    known = {english for room in (CLOUD if app in CLOUD else [app]) for english, _ in _source(room)}
    for template in app.rglob("*.html"):
        for _, text in re.findall(r"""{% translate (['"])(.*?)\1 %}""", template.read_text("utf-8")):
            assert text in known, template.name


def test_what_services_refuse_and_models_call_things_is_translated() -> None:
    """Sentences that a page says and no template holds."""
    known = {english for room in CLOUD for english, _ in _source(room)}
    cloud = ROOT / "tools/cloud"
    found = 0
    for file in cloud.rglob("*.py"):
        if "migrations" not in file.parts:
            names = {"Refusal", "text", "gettext_lazy"} | ({"_"} if file.parent.name == "models" else set())
            for call in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in names and call.args:
                    said = call.args[0]
                    if isinstance(said, ast.Constant):
                        assert str(said.value).replace('"', '\\"') in known, (file.name, said.value)
                        found += 1
    assert found > 150


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.parent.name)
def test_templates_need_no_inline_script_or_style_and_nothing_from_elsewhere(app: Path) -> None:
    for template in app.rglob("*.html"):
        text = template.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), template.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), template.name
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), template.name


def test_the_building_page_has_every_word_and_place_its_script_asks_for() -> None:
    page = "".join(one.read_text("utf-8") for one in (APPS[1] / "templates/run").glob("*.html"))
    words = set(re.findall(r"<dt>(\w+)</dt><dd>", page)) | {"granted", "denied"}
    places = set(re.findall(r'\bid="([\w-]+)"', page))
    for script in (APPS[1] / "static/run").glob("*.js"):
        text = script.read_text("utf-8")
        assert set(re.findall(r"\bwords\.(?!js\b)(\w+)", text)) <= words, script.name
        assert set(re.findall(r"""\bsay\("(\w+)\"""", text)) <= words, script.name
        assert set(re.findall(r"""getElementById\("([\w-]+)"\)""", text)) <= places, script.name
        assert set(re.findall(r"""\bcopy\("([\w-]+)"\)""", text)) <= places, script.name


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.parent.name)
def test_every_icon_is_in_the_sheet(app: Path) -> None:
    sheet = (APPS[0] / "static/pages/icons.svg").read_text("utf-8")
    known = set(re.findall(r'symbol id="([\w-]+)"', sheet))
    for template in app.rglob("*.html"):
        asked = re.findall(r"icons\.svg' %}#([\w-]+)", template.read_text("utf-8"))
        asked += re.findall(r"""{% icon "([\w-]+)" %}""", template.read_text("utf-8"))
        assert set(asked) <= known, template.name

    from tools.cloud.doors import door_status
    from tools.cloud.log import words

    assert {one.icon for one in words.EVENTS.values()} <= known
    assert {icon for _, icon, _ in (*door_status.CONTACTS.values(), *door_status.RELEASES.values())} <= known


# What the glossary beside the .po has another word for; a release of the firmware is one.
LEFT_EN = re.compile(r"(?<!portvakt )(?<!signs a )\breleas|\bleaf\b|\bgiven? (this board )?up\b", re.I)
LEFT_NB = re.compile(
    r"megler|frigi|sporingsregel|tilgangslist|adgangslisten|\btaus|sluppet inn|trekk\w* (det )?tilbake|utknapp", re.I
)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.parts[-2])
def test_one_word_for_one_thing(app: Path) -> None:
    pairs = _source(app)
    assert [english for english, _ in pairs if LEFT_EN.search(english)] == []
    assert [norwegian for _, norwegian in pairs if LEFT_NB.search(norwegian)] == []
