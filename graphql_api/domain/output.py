"""How the result of a transform is written: format, quality, motion, metadata."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphql_api.domain.format import Format
from graphql_api.errors import InvalidInput

MAX_QUALITY = 100

# Quality by name, best first. The words are Cloudflare's, the numbers ours.
QUALITIES = {"high": 90, "medium-high": 80, "medium-low": 65, "low": 45}


class Metadata(StrEnum):
    """What of the original's EXIF data the result has. Orientation and colours are always applied, never carried."""

    COPYRIGHT = "copyright"  # artist and copyright, in JPEG alone
    NONE = "none"
    KEEP = "keep"  # all of it, place and device included


@dataclass(frozen=True, slots=True)
class Output:
    """None leaves a field to the original's format and the format's usual quality.

    `auto` chooses among the formats that the client says it takes, `fast` the one that is quickest to write. A quality
    of 100 is lossless in WebP; any below makes a PNG of at most 256 colours.
    """

    format: Format | None = None
    quality: int | None = None
    auto: bool = False
    fast: bool = False
    still: bool = False
    metadata: Metadata = Metadata.COPYRIGHT

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= MAX_QUALITY:
            raise InvalidInput("quality", f"'quality' must be between 1 and {MAX_QUALITY}.")
        if self.format is not None and not (self.format.is_written or self.format is Format.SVG):
            raise InvalidInput("format", f"Images are not written in {self.format}.")
        if self.auto:
            object.__setattr__(self, "format", None)
