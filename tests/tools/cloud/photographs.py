"""Photographs as a telephone takes them, with where and by what they were taken in them."""

from io import BytesIO
from random import Random
from typing import Any

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

GPS, ORIENTATION = 0x8825, 0x0112  # EXIF 2.32, 4.6.4 and 4.6.6
MAKER, OWNER, PLACE = "Kameraverket", "Ingrid Solheims telefon", "59;54;46"
SECRETS = (MAKER.encode(), OWNER.encode(), PLACE.encode(), b"Exif", b"xmpmeta", b"ICC_PROFILE")


def metadata(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0xA430], exif[ORIENTATION] = MAKER, OWNER, orientation
    degrees = tuple(IFDRational(number, 1) for number in (59, 54, 46))
    exif.get_ifd(GPS).update({1: "N", 2: degrees, 3: "E", 4: degrees, 29: PLACE})
    return exif


def photograph(kind: str = "JPEG", size: tuple[int, int] = (640, 480), orientation: int = 1, **more: Any) -> bytes:
    """Red above, blue below, as it was held with orientation 1."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{PLACE}</x:xmpmeta>".encode()
    said: dict[str, Any] = {"exif": metadata(orientation), "icc_profile": b"ICC_PROFILE"}
    if kind == "PNG":
        text = PngInfo()
        text.add_text("Comment", f"{OWNER} {PLACE}")
        said["pnginfo"] = text
    else:
        said["xmp"] = xmp
    file = BytesIO()
    image.save(file, kind, **said | more)
    return file.getvalue()


def noise(side: int = 512) -> bytes:
    """What takes the most room of all."""
    file = BytesIO()
    Image.frombytes("RGB", (side, side), Random(1).randbytes(3 * side * side)).save(file, "PNG")
    return file.getvalue()


def portrait() -> bytes:
    """Somebody with dark hair before a blue wall, for those who look at the pages."""
    image = Image.new("RGB", (600, 800), "#9db8c9")
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 560, 540, 1100), "#7a4a3a")
    draw.rectangle((255, 440, 345, 600), "#d9a98b")
    draw.ellipse((165, 130, 435, 480), "#3b2a24")
    draw.ellipse((195, 190, 405, 500), "#e4b798")
    file = BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()
