"""What is put on top of a picture: another media, or a line of text."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from graphql_api.domain import ids
from graphql_api.domain.color import BLACK, Color
from graphql_api.domain.geometry import Fit, Size, fit_box
from graphql_api.domain.gravity import Anchor
from graphql_api.domain.media import Original
from graphql_api.domain.text import is_line
from graphql_api.errors import InvalidInput

MAX_OVERLAYS = 5  # what IMG Processing documents for its watermarks
MAX_TEXT = 200
MAX_OFFSET = 8192
MAX_TEXT_SIZE = 512
_MAX_LAYER_SIDE = 8192
_LEAST_SCALE = 0.001
_DECIMALS = 4
_MOST_TIMES = 2


class Repeat(StrEnum):
    """Whether an overlay is laid out as tiles."""

    NONE = "none"
    BOTH = "both"
    X = "x"
    Y = "y"


class Font(StrEnum):
    """The typefaces of texts, by kind: which files they are is up to the machine."""

    SANS = "sans"
    SERIF = "serif"
    MONO = "mono"


@dataclass(frozen=True, slots=True)
class Layer:
    """The content of an overlay's media, as it was when the transform was settled."""

    sha256: str
    original: Original


@dataclass(frozen=True, slots=True)
class Overlay:
    """Another media, by its uid, on top.

    Its size is the box `width` x `height` that it fits in (one may be open), or `scale` of the picture's width; unless
    either is given it keeps its own size, and shrinks to fit in. `x` and `y` are pixels from the anchor inwards.
    """

    # What is drawn is the content: two media of the same bytes make the same rendition.
    uid: str = field(metadata={"key": False})
    width: int | None = None
    height: int | None = None
    scale: float | None = None
    anchor: Anchor = Anchor.CENTER
    x: int = 0
    y: int = 0
    opacity: float = 1.0
    repeat: Repeat = Repeat.NONE
    layer: Layer | None = None

    def __post_init__(self) -> None:
        if not ids.is_uid(self.uid):
            raise InvalidInput("uid", "An overlay names another media by its uid.")
        _check_side("width", self.width)
        _check_side("height", self.height)
        if self.scale is not None and not _LEAST_SCALE <= self.scale <= 1:
            raise InvalidInput("scale", f"'scale' must be between {_LEAST_SCALE} and 1.")
        _check_offsets(self.x, self.y)
        _check_opacity(self.opacity)
        object.__setattr__(self, "scale", self.scale and round(self.scale, _DECIMALS))
        object.__setattr__(self, "opacity", round(self.opacity, _DECIMALS))

    def size(self, own: Size, base: Size) -> Size:
        """Its size on a picture of size `base`. Twice that is the most: of more, nobody would see what it is."""
        if self.scale is not None:
            wanted = fit_box(own, max(1, round(base.width * self.scale)), None, Fit.CONTAIN).size
        elif self.width is None and self.height is None:
            return fit_box(own, base.width, base.height, Fit.SCALE_DOWN).size
        else:
            wanted = fit_box(own, self.width, self.height, Fit.CONTAIN).size
        return fit_box(wanted, base.width * _MOST_TIMES, base.height * _MOST_TIMES, Fit.SCALE_DOWN).size


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text on top, or a paragraph when `width` is given; `size` is the height of the letters in pixels."""

    text: str
    size: int = 32
    color: Color = BLACK
    font: Font = Font.SANS
    bold: bool = False
    width: int | None = None
    background: Color | None = None
    anchor: Anchor = Anchor.CENTER
    x: int = 0
    y: int = 0
    opacity: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= len(self.text) <= MAX_TEXT:
            raise InvalidInput("text", f"A text has 1 to {MAX_TEXT} characters.")
        if not all(is_line(line) for line in self.text.split("\n")):
            raise InvalidInput("text", "A text has printable characters only.")
        if self.text.isspace():
            raise InvalidInput("text", "A text has at least one letter that can be seen.")
        if not 1 <= self.size <= MAX_TEXT_SIZE:
            raise InvalidInput("size", f"The size of a text must be between 1 and {MAX_TEXT_SIZE} pixels.")
        _check_side("width", self.width)
        _check_offsets(self.x, self.y)
        _check_opacity(self.opacity)
        object.__setattr__(self, "opacity", round(self.opacity, _DECIMALS))


def _check_side(name: str, value: int | None) -> None:
    if value is not None and not 1 <= value <= _MAX_LAYER_SIDE:
        raise InvalidInput(name, f"'{name}' must be between 1 and {_MAX_LAYER_SIDE} pixels.")


def _check_offsets(x: int, y: int) -> None:
    for name, value in (("x", x), ("y", y)):
        if abs(value) > MAX_OFFSET:
            raise InvalidInput(name, f"'{name}' must be between -{MAX_OFFSET} and {MAX_OFFSET} pixels.")


def _check_opacity(value: float) -> None:
    if not 0 <= value <= 1:
        raise InvalidInput("opacity", "'opacity' must be between 0 and 1.")
