"""Making and opening proofs (domain/proof.py says what they are).

Transparency, which JPEG has not, stands below the picture as a grey one of the same size: whether it does is seen by
the height. Rows are filled up to whole blocks, so that the halves part cleanly at any shrink of the decoder.
"""

from __future__ import annotations

from pathlib import Path

import pyvips

from graphql_api.domain import proof
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.output import Metadata
from graphql_api.imaging import codecs, metadata, shape, tone
from graphql_api.imaging.jobs import Prove
from graphql_api.imaging.plan import upright, valid_orientation

_BLOCK = 16  # rows of the largest unit of a JPEG, with its colours at half the resolution
_TOP = 255
_NOISE = 4  # how far a JPEG strays from 0 and 255 near an edge: so near, it is one of them


def prove(job: Prove) -> None:
    """Write the proof of an original."""
    original = job.original
    size = proof.proof_size(original)
    image = codecs.load(job.path, original.format, shrink=max(1.0, original.width / size.width))
    blocks = metadata.read(image)
    orientation = valid_orientation(shape.orientation(image))
    loaded, stored = Size(image.width, image.height), upright(Size(original.width, original.height), orientation)
    across, down = codecs.exact_ratio(loaded, stored, original.format)
    scaled = shape.resample(image, upright(size, orientation), (stored.width * across, stored.height * down))
    picture = tone.to_srgb(shape.oriented(scaled.copy_memory(), orientation))
    sheet, carried = metadata.attach(_with_alpha_below(picture), blocks, Format.JPEG, Metadata.COPYRIGHT)
    content = sheet.jpegsave_buffer(Q=proof.QUALITY, optimize_coding=True, subsample_mode="on", keep="none")
    job.target.write_bytes(metadata.with_head(content, carried.head))


def _with_alpha_below(image: pyvips.Image) -> pyvips.Image:
    if not image.hasalpha():
        return image
    alpha = image.extract_band(image.bands - 1)
    plain = image.extract_band(0, n=image.bands - 1)
    if alpha.min() == _TOP:
        return plain
    height = -(-image.height // _BLOCK) * _BLOCK
    halves = [plain, tone.in_bands(alpha, plain.bands)]
    filled = [half.embed(0, 0, half.width, height, extend="copy") for half in halves]
    return filled[0].join(filled[1], "vertical").copy(interpretation=plain.interpretation)


def open_proof(path: Path, size: Size, shrink: float) -> pyvips.Image:
    """The picture in a proof of this size, shrunk while it is decoded as far as that costs nothing."""
    sheet = codecs.load(path, Format.JPEG, shrink=shrink)
    factor = sheet.width / size.width
    if sheet.height <= size.height * factor * 1.5:
        return sheet
    sheet = sheet.copy_memory()
    half, height = sheet.height // 2, max(1, round(size.height * factor))
    alpha = sheet.crop(0, half, sheet.width, height).extract_band(0)
    picture = sheet.crop(0, 0, sheet.width, height).bandjoin(alpha.maplut(_snapping()))
    return picture.copy(interpretation=sheet.interpretation)


def _snapping() -> pyvips.Image:
    values = bytes(0 if value < _NOISE else _TOP if value > _TOP - _NOISE else value for value in range(_TOP + 1))
    return pyvips.Image.new_from_memory(values, _TOP + 1, 1, 1, "uchar")
