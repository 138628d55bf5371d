"""A profile picture: a small square of nothing but pixels, for the person and who may change people, gone at once."""

import json
import random
import zlib
from io import BytesIO
from typing import Any

import pytest
from cloud_world import Stopped
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from photographs import MAKER, OWNER, PLACE, SECRETS, noise, photograph
from PIL import Image
from resident import Residence

from tools.cloud.members import links
from tools.cloud.models import Change, Membership, Person, Picture, Role, visible
from tools.cloud.people import erasure, pictures, square
from tools.cloud.privacy import archive, requests
from tools.cloud.residents import accounts
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal


def give(client: Client, person: Person, data: bytes, name: str = "me.jpg") -> str:
    """What the page says then."""
    answer = client.post(f"/me/{person.pk}/picture/give", {"picture": SimpleUploadedFile(name, data)}, follow=True)
    assert answer.status_code == 200 and answer.redirect_chain[-1][0] == f"/me/{person.pk}/profile"
    return answer.content.decode()


def shown(client: Client, person: Person) -> Any:
    return client.get(f"/me/{person.pk}/picture")


def pixels(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("kind", square.KINDS)
def test_where_and_by_what_it_was_taken_is_nowhere_afterwards(home: Residence, kind: str) -> None:
    taken = photograph(kind)
    assert all(said.encode() in taken for said in (MAKER, OWNER, PLACE)), "the search can find"
    me = home.browser(home.person)
    assert "Your profile picture is saved." in give(me, home.person, taken)
    answer = shown(me, home.person)
    assert pixels(answer.content).size == (square.SIDE, square.SIDE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM cloud_picture")
        [(kept,)] = cursor.fetchall()
    assert bytes(kept) == answer.content
    assert [said for said in SECRETS if said in answer.content] == []
    assert not pixels(answer.content).getexif()


# Where the sky of a photograph is that was taken with the camera held so (EXIF 2.32, 4.6.4).
@pytest.mark.parametrize("orientation, sky", [(1, (128, 5)), (3, (128, 250)), (6, (250, 128)), (8, (5, 128))])
def test_it_is_shown_as_it_was_held(orientation: int, sky: tuple[int, int]) -> None:
    made = pixels(square.of(photograph(orientation=orientation)))
    red, _green, blue = made.getpixel(sky)  # type: ignore[misc]
    assert red > 200 and blue < 50


def test_what_is_seen_through_is_white() -> None:
    clear = BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(clear, "PNG")
    assert pixels(square.of(clear.getvalue())).getpixel((9, 9)) == (255, 255, 255)


def huge() -> bytes:
    """A PNG that says it has 50,000 by 50,000 pixels, of a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


def test_what_is_too_large_or_no_picture_is_refused_and_the_one_before_stays(home: Residence) -> None:
    me = home.browser(home.person)
    give(me, home.person, photograph())
    before = shown(me, home.person).content
    animated, svg = photograph("GIF", exif=b"", icc_profile=None), b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    for name, data, said in (
        ("a.png", huge(), "A picture has at most 30 million pixels; choose"),
        ("a.jpg", photograph(size=(6000, 5001)), "A picture has at most 30 million pixels; choose"),
        ("a.jpg", photograph() + bytes(square.MOST_BYTES), "A picture has at most 10 MB; choose"),
        ("a.png", animated, "no picture that can be read"),
        ("a.jpg", svg, "no picture that can be read"),
        ("a.jpg", photograph()[:2000], "no picture that can be read"),
        ("a.jpg", b"", "no picture that can be read"),
    ):
        text = give(me, home.person, data, name)
        assert said in text, name
        assert shown(me, home.person).content == before
    assert "no picture that can be read" in me.post(f"/me/{home.person.pk}/picture/give", follow=True).content.decode()
    # By its content, whatever it is called.
    assert "is saved" in give(me, home.person, photograph("WEBP"), "me.exe")


def test_a_broken_picture_is_refused_whatever_is_broken() -> None:
    rng = random.Random(16)
    for kind in square.KINDS:
        whole = photograph(kind, size=(64, 48))
        for _ in range(150):
            broken = bytearray(whole)
            for _ in range(rng.randrange(1, 6)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            try:
                made = square.of(bytes(broken[: rng.randrange(len(broken))] if rng.random() < 0.3 else broken))
            except Refusal:
                continue
            assert pixels(made).size == (square.SIDE, square.SIDE)


def test_noise_fits_and_the_database_takes_nothing_larger(home: Residence) -> None:
    pictures.give(home.person, noise())
    with pytest.raises(IntegrityError), transaction.atomic():
        Picture.objects.update(content=bytes(100_001))


def test_it_is_sent_to_be_looked_at_and_kept_nowhere(home: Residence) -> None:
    me = home.browser(home.person)
    give(me, home.person, photograph())
    for answer in (shown(me, home.person), home.administrator().get(f"/people/{home.person.pk}/picture")):
        assert answer["Content-Type"] == "image/jpeg" and answer["X-Content-Type-Options"] == "nosniff"
        assert {"private", "no-store"} <= set(answer["Cache-Control"].replace(" ", "").split(","))
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("role", [role for role in Role.values if role != "support"])
def test_who_only_looks_does_not_see_it(home: Residence, role: str) -> None:
    pictures.give(home.person, photograph())
    member = accounts.User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=member, tenant=home.tenant, role=role)
    client, may = home.administrator(member), role in ("owner", "administrator")
    address = f"/people/{home.person.pk}/picture"
    assert (address in client.get(f"/people/{home.person.pk}/").content.decode()) == may
    assert client.get(address).status_code == (200 if may else 403)
    assert client.post(address + "/remove").status_code == (302 if may else 403)
    assert Picture.objects.exists() != may


def test_who_keeps_some_of_their_doors_does_not_see_it(home: Residence) -> None:
    pictures.give(home.person, photograph())
    user = accounts.User.objects.named("some@example.test")
    home.tenant.memberships.create(user=user, role=Role.ADMINISTRATOR, bound=True).doors.set(home.doors[:1])
    some, address = home.administrator(user), f"/people/{home.person.pk}/picture"
    page_of_theirs = some.get(f"/people/{home.person.pk}/")
    assert page_of_theirs.status_code == 200 and address not in page_of_theirs.content.decode()
    assert some.get(address).status_code == some.post(address + "/remove").status_code == 403
    assert Picture.objects.exists()


def test_to_everybody_else_there_is_none(home: Residence, time_now: Stopped) -> None:
    next_door = Residence(time_now, "Utsikten", seed=1)
    me, ola = home.browser(home.person), home.browser(home.other)
    give(me, home.person, photograph())
    assert shown(ola, home.person).status_code == 404 and shown(ola, home.other).status_code == 404
    assert next_door.administrator().get(f"/people/{home.person.pk}/picture").status_code == 404
    assert next_door.administrator().post(f"/people/{home.person.pk}/picture/remove").status_code == 404
    assert home.administrator().get(f"/me/{home.person.pk}/picture").status_code == 404
    assert home.administrator().get(f"/people/{home.other.pk}/picture").status_code == 404
    for path in ("give", "remove"):
        assert ola.post(f"/me/{home.person.pk}/picture/{path}").status_code == 404
    assert Client().get(f"/me/{home.person.pk}/picture").status_code == 302
    assert shown(me, home.person).status_code == 200


def deleted_by_the_person(home: Residence, me: Client) -> None:
    assert "is deleted" in me.post(f"/me/{home.person.pk}/picture/remove", follow=True).content.decode()


def deleted_for_them(home: Residence, me: Client) -> None:
    answer = home.administrator().post(f"/people/{home.person.pk}/picture/remove", follow=True)
    assert "The profile picture is deleted." in answer.content.decode()


def deleted_by_a_program(home: Residence, me: Client) -> None:
    token = links.make_token(home.tenant, "p", Role.ADMINISTRATOR)
    program = Client(headers={"authorization": f"Bearer {token}"})
    assert program.delete(f"/api/people/{home.person.pk}/picture").status_code == 204
    assert program.delete(f"/api/people/{home.person.pk}/picture").status_code == 204, "there is none, as was asked for"


def withdrawn(home: Residence, me: Client) -> None:
    me.post(f"/me/{home.person.pk}/requests", {"kind": "withdrawal"})
    assert "You have withdrawn your consent to a picture" in give(me, home.person, photograph())


@pytest.mark.parametrize(
    "end",
    [
        deleted_by_the_person,
        deleted_for_them,
        deleted_by_a_program,
        withdrawn,
        lambda home, me: accounts.end(home.person),
        lambda home, me: erasure.erase(home.person, clock.now()),
    ],
    ids=["by the person", "for them", "by a program", "consent", "page", "erasure"],
)
def test_it_is_gone_at_once(home: Residence, end: Any) -> None:
    me = home.browser(home.person)
    give(me, home.person, photograph())
    end(home, me)
    assert not Picture.objects.exists()
    if home.person.pk and Person.objects.filter(pk=home.person.pk, user__isnull=False).exists():
        assert shown(me, home.person).status_code == 404


def test_it_is_given_again_when_the_withdrawal_is_taken_back(home: Residence) -> None:
    row, _ = requests.make(home.person, "withdrawal")
    with pytest.raises(Refusal, match="withdrawn"):
        pictures.give(home.person, photograph())
    requests.take_back(row)
    pictures.give(home.person, photograph())
    assert Picture.objects.exists()


def test_of_who_is_restricted_it_shows_to_those_alone_who_handle_requests(home: Residence) -> None:
    me = home.browser(home.person)
    give(me, home.person, photograph())
    bound = home.tenant.memberships.create(
        user=accounts.User.objects.named("some@example.test"), role=Role.ADMINISTRATOR, bound=True
    )
    bound.doors.set(home.doors)
    some, address = home.administrator(bound.user), f"/people/{home.person.pk}/picture"
    assert some.get(address).status_code == 200 and visible(Picture, bound.user).exists()
    requests.make(home.person, "restriction")
    assert some.get(address).status_code == 404 and not visible(Picture, bound.user).exists()
    assert home.administrator().get(address).status_code == 200 and shown(me, home.person).status_code == 200


def test_it_is_in_their_copy_as_a_file(home: Residence) -> None:
    pictures.give(home.person, photograph())
    kept = bytes(Picture.objects.get().content)
    files = archive._files(home.person, True, clock.now())
    assert files["picture.jpg"] == kept
    row = json.loads(files["data.json"])["kinds"]["picture"]["rows"][0]
    assert row["content"] == "picture.jpg" and row["given_at"]
    assert "picture.jpg" in [one["name"] for one in json.loads(files["manifest.json"])["files"]]
    assert "picture.jpg" not in archive._files(home.other, True, clock.now())


def test_that_there_is_one_is_recorded_and_nothing_of_it(home: Residence) -> None:
    me = home.browser(home.person)
    give(me, home.person, photograph())
    me.post(f"/me/{home.person.pk}/picture/remove")
    record = [(one.before, one.after, one.user) for one in Change.objects.filter(kind="person").order_by("pk")]
    assert record[-2:] == [
        ({"picture": False}, {"picture": True}, home.person.user),
        ({"picture": True}, {"picture": False}, home.person.user),
    ]
