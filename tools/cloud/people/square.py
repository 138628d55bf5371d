"""A photograph becomes a small square of nothing but its pixels: what is kept is written here, byte for byte.

Where it was taken, with what and when stands beside the pixels of a photograph (EXIF, XMP, a small picture within the
picture): none of it is copied. What a file is says its content, never its name.
"""

from io import BytesIO
from threading import Lock

from PIL import Image, ImageOps

from ..services.refusal import Refusal

SIDE = 256  # pixels of the square
MOST_BYTES = 10 * 2**20
MOST_PIXELS = 30_000_000  # a telephone's pictures have 12 to 25 million
QUALITY = 85  # of JPEG: a face has 10 to 20 KB
KINDS = ("JPEG", "PNG", "WEBP")
SIZE = {"side": SIDE, "bytes": MOST_BYTES >> 20, "pixels": MOST_PIXELS // 1_000_000}  # as sentences say them

Image.MAX_IMAGE_PIXELS = None  # they are counted here, before any is read: _square
_one_at_a_time = Lock()  # a large PNG takes a hundred megabytes while it is made small


def of(data: bytes) -> bytes:
    """Raises Refusal: it is too large, or no picture."""
    if len(data) > MOST_BYTES:
        raise Refusal("a picture has at most %(bytes)d MB; choose a smaller one", bytes=SIZE["bytes"])
    try:
        with _one_at_a_time:
            return _square(data)
    except Refusal:
        raise
    except Exception:  # noqa: BLE001  of broken and hostile files decoders raise whatever there is
        raise Refusal("this is no picture that can be read; choose a JPEG, PNG or WebP") from None


def _square(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=KINDS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise Refusal(
                "a picture has at most %(pixels)d million pixels; choose a smaller one", pixels=SIZE["pixels"]
            )
        image.draft("RGB", (2 * SIDE, 2 * SIDE))  # of a JPEG no more is decoded than is needed
        upright = ImageOps.exif_transpose(image)
    clear = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    fitted = ImageOps.fit(clear, (SIDE, SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (SIDE, SIDE), "white")
    square.paste(fitted, mask=fitted if fitted.mode == "RGBA" else None)
    written = BytesIO()
    square.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
