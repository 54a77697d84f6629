"""What this machine can do, tried out on tiny pictures: for /readyz in brief, for `tintype doctor` in full."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyvips

from graphql_api.domain.format import WRITTEN, Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.overlay import Text
from graphql_api.domain.transform import Recipe
from graphql_api.imaging import abilities, codecs, faces, layers, segment
from graphql_api.imaging.jobs import Examine, Finding, Part, SelfTest, State
from graphql_api.imaging.models import MODELS, UnusableModelError

_NEARLY_BLACK = 8
_SIDE = 16
_RED = (200, 40, 40)
_LETTERS = 32  # pixels high
_NEARLY = 12  # of a channel, for what loses some

_DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><path fill="#c82828" d="M0 0h16v16H0z"/></svg>'
)

# One red square each, of formats for which no encoder may be at hand.
_JXL = "/wpDQCQIBAEAVABLGIsVANQTY9DEOYAIOEhVAFGDAgE="
_HEIC = (
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAA"
    "AERAAAEAAQAAAAABZgABAAAAAAAAABwAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAAwmlwcnAAAACk"
    "aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAA"
    "AwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAEAAAABAAAAAEHBpeGkAAAAAAwgICAAAABZpcG1h"
    "AAAAAAAAAAEAAQOBAgMAAAAkbWRhdAAAABgoAa8TgOUzwJ//7EqP/2588Pu7BrVD1Pg="
)

_VISION = "not installed: the extra vision"


def round_trips(job: SelfTest) -> dict[str, bool]:
    """Encode and decode a tiny image in every format that is written."""
    with tempfile.TemporaryDirectory(dir=job.folder, prefix="self-test-") as folder:
        return {target.value: _round_trip(Path(folder) / target, target) for target in WRITTEN}


def _round_trip(path: Path, target: Format) -> bool:
    try:
        black = pyvips.Image.black(_SIDE, _SIDE, bands=3).copy(interpretation="srgb")
        path.write_bytes(codecs.encode(black, target, quality=Recipe(target).encoder_quality))
        decoded = codecs.load(path, target)
        return (decoded.width, decoded.height) == (_SIDE, _SIDE) and decoded.extract_band(0).avg() < _NEARLY_BLACK
    except pyvips.Error:
        return False


def examine(job: Examine) -> list[Finding]:
    """Everything that one part can do here."""
    return _EXAMS[job.part](job.folder)


def _examine_formats(folder: Path) -> list[Finding]:
    with tempfile.TemporaryDirectory(dir=folder, prefix="self-test-") as place:
        reads = [_read(Path(place) / source, source) for source in Format]
    trips = round_trips(SelfTest(folder))
    return reads + [Finding(f"write {name}", _state(works=works)) for name, works in trips.items()]


def _read(path: Path, source: Format) -> Finding:
    name = f"read {source}"
    if source is Format.JXL and not abilities.reads_jxl():
        return Finding(name, State.ABSENT, "not installed: the extra jxl")
    path.write_bytes(_sample(source))
    try:
        middle = codecs.load(path, source, strict=True).colourspace("srgb")(_SIDE // 2, _SIDE // 2)
    except pyvips.Error as error:
        return Finding(name, State.BROKEN, str(error).partition("\n")[0])
    return Finding(name, _state(works=all(abs(a - b) < _NEARLY for a, b in zip(middle, _RED, strict=False))))


def _sample(source: Format) -> bytes:
    """A red square as a file."""
    if source is Format.SVG:
        return _DRAWING
    if embedded := {Format.JXL: _JXL, Format.HEIC: _HEIC}.get(source):
        return base64.b64decode(embedded)
    return _encoded("JPEG" if source is Format.JPEG else source.upper())


def _encoded(kind: str) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), _RED).save(file, kind)
    return file.getvalue()


def _state(*, works: bool) -> State:
    return State.WORKS if works else State.BROKEN


def _examine_text(folder: Path) -> list[Finding]:
    """Whether letters come out: without a font all are the same empty box."""
    del folder
    narrow, wide = (layers.letters_of(Text(word), Size(100, 100), _LETTERS) for word in ("i", "W"))
    if narrow.width == wide.width:
        return [Finding("write text", State.ABSENT, "no font is installed, for example fonts-dejavu-core")]
    return [Finding("write text", State.WORKS)]


def _examine_segment(folder: Path) -> list[Finding]:
    del folder
    return [_look("cut out", lambda: _cut_square(MODELS.get().segmentation))]


def _examine_faces(folder: Path) -> list[Finding]:
    del folder
    return [_look("find faces", lambda: _find_none(MODELS.get().faces))]


def _look(name: str, attempt: Callable[[], str]) -> Finding:
    if not abilities.sees():
        return Finding(name, State.ABSENT, _VISION)
    try:
        return Finding(name, State.WORKS, attempt())
    except (UnusableModelError, ImportError) as error:
        return Finding(name, State.BROKEN, str(error))


def _cut_square(model: Path | None) -> str:
    chosen = segment.segmenter(model)
    chosen.mask(_square().numpy())
    return chosen.name


def _find_none(model: Path | None) -> str:
    faces.detector(model)(_square().numpy())
    return f"YuNet: {model.name}" if model else "by a cascade, without a model: frontal ones"


def _square() -> pyvips.Image:
    """A red square on white."""
    red = pyvips.Image.black(_SIDE, _SIDE).new_from_image(list(_RED)).cast("uchar").copy(interpretation="srgb")
    return red.embed(_SIDE, _SIDE, 3 * _SIDE, 3 * _SIDE, extend="white")


_EXAMS: dict[Part, Callable[[Path], list[Finding]]] = {
    Part.FORMATS: _examine_formats,
    Part.TEXT: _examine_text,
    Part.SEGMENT: _examine_segment,
    Part.FACES: _examine_faces,
}
