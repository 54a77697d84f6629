"""Image formats: what can be read, what can be written, and how a format is told from the first bytes of a file."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """An image format; the value is the extension and the `format=` word."""

    JPEG = "jpg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    AVIF = "avif"
    HEIC = "heic"
    JXL = "jxl"
    TIFF = "tiff"
    BMP = "bmp"
    ICO = "ico"
    SVG = "svg"

    @property
    def content_type(self) -> str:
        """The registered media type."""
        return _CONTENT_TYPES.get(self, f"image/{self.value}")

    @property
    def can_move(self) -> bool:
        """Whether an animation survives in it. Not AVIF: what libvips writes, browsers show as one frame."""
        return self in (Format.GIF, Format.WEBP)

    @property
    def is_written(self) -> bool:
        """Whether pixels can be written in it: the five that every browser shows."""
        return self in WRITTEN

    def served_as(self, *, has_alpha: bool) -> Format:
        """The format in which pixels of this one go out when nobody names another."""
        if self.is_written:
            return self
        if self in _LOSSY and not has_alpha:
            return Format.JPEG
        return Format.PNG


_CONTENT_TYPES = {
    Format.JPEG: "image/jpeg",
    Format.ICO: "image/vnd.microsoft.icon",
    Format.SVG: "image/svg+xml",
}
_LOSSY = (Format.HEIC, Format.JXL, Format.TIFF)  # photographs, as a rule: a PNG of one is several times the size

WRITTEN = (Format.JPEG, Format.PNG, Format.GIF, Format.WEBP, Format.AVIF)

_FORMAT_WORDS = {item.value: item for item in Format} | {
    "jpeg": Format.JPEG,
    "baseline-jpeg": Format.JPEG,  # Cloudflare's word; ours are always baseline
    "heif": Format.HEIC,
    "tif": Format.TIFF,
}

HEAD_BYTES = 1024  # enough of a file for `sniff`: an SVG may open with a long comment

# ISO base media brands: AV1 (AVIF specification, section 7), then HEVC (ISO/IEC 23008-12, annex B).
_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")

_SIGNATURES = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),  # BigTIFF
    (b"MM\0+", Format.TIFF),
    (b"\0\0\1\0", Format.ICO),
    (b"\xff\x0a", Format.JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format.JXL),
)
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # sizes of the header that follows the file header, one a version


def parse_format(word: str) -> Format | None:
    """The format an extension or a `format=` value names, or None."""
    return _FORMAT_WORDS.get(word.lower())


def sniff(head: bytes) -> Format | None:
    """The format that the first HEAD_BYTES of a file show, or None; names and content types are never asked."""
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Format.BMP
    if head[4:8] == b"ftyp":
        return _sniff_brand(head)
    return Format.SVG if _is_svg(head) else None


def _sniff_brand(head: bytes) -> Format | None:
    """AVIF or HEIC, by the brands of the `ftyp` box: the major one first, compatible ones from byte 16."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return Format.AVIF
        if brand in _HEIC_BRANDS:
            return Format.HEIC
    return None


def _is_svg(head: bytes) -> bool:
    """Whether this opens as text and names the root element; the sanitizer decides whether it is XML at all."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"<") and b"<svg" in head
