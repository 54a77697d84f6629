"""What is put on top: other pictures, and texts."""

from __future__ import annotations

import html

import pyvips

from graphql_api.domain.geometry import Size
from graphql_api.domain.overlay import Font, Overlay, Repeat, Text
from graphql_api.domain.proof import proof_size
from graphql_api.imaging import codecs, proofs, shape, tone
from graphql_api.imaging.plan import Plan, upright, valid_orientation

# Families by kind, for the fonts that the machine has; never a name that a caller wrote.
_FAMILIES = {
    Font.SANS: "DejaVu Sans, sans-serif",
    Font.SERIF: "DejaVu Serif, serif",
    Font.MONO: "DejaVu Sans Mono, monospace",
}
_ALIGNMENTS = {0.0: "low", 0.5: "centre", 1.0: "high"}
_TILE = 128
_DPI = 72  # at which a point is a pixel
_TOP = 255


def put_on(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """All overlays of the stage, the later above the earlier."""
    for overlay in plan.stage.overlays:
        base = Size(image.width, image.height)
        made = plan.tops.get((overlay, base))
        if made is None:
            top = _picture(overlay, base, plan) if isinstance(overlay, Overlay) else _text(overlay, base)
            # Kept for the frames that follow.
            made = plan.tops[overlay, base] = _faded(top, overlay.opacity).copy_memory()
        image = _compose(image, made, overlay)
    return image


def _compose(image: pyvips.Image, top: pyvips.Image, overlay: Overlay | Text) -> pyvips.Image:
    base = tone.in_color(image)
    left, top_edge = _place(Size(base.width, base.height), Size(top.width, top.height), overlay)
    repeat = overlay.repeat if isinstance(overlay, Overlay) else Repeat.NONE
    if repeat is not Repeat.NONE:
        top, left, top_edge = _tile(top, Size(base.width, base.height), left, top_edge, repeat)
    composed = base.composite2(top, "over", x=left, y=top_edge).cast("uchar")
    return composed if base.hasalpha() else composed.extract_band(0, n=3)


def _place(base: Size, top: Size, overlay: Overlay | Text) -> tuple[int, int]:
    """Left and top; offsets lead from the anchor inwards."""
    across, down = overlay.anchor.point
    left = round((base.width - top.width) * across) + (overlay.x if across < 1 else -overlay.x)
    return left, round((base.height - top.height) * down) + (overlay.y if down < 1 else -overlay.y)


def _tile(top: pyvips.Image, base: Size, left: int, top_edge: int, repeat: Repeat) -> tuple[pyvips.Image, int, int]:
    """Copies side by side over the whole width, height or both, one of them where the single one would be."""
    across, down = repeat in (Repeat.BOTH, Repeat.X), repeat in (Repeat.BOTH, Repeat.Y)
    left = left % top.width - top.width if across else left
    top_edge = top_edge % top.height - top.height if down else top_edge
    # A few small ones make a larger tile first: libvips takes its time for each.
    several = -(-_TILE // top.width) if across else 1, -(-_TILE // top.height) if down else 1
    tile = top.replicate(*several).copy_memory()
    columns = base.width // tile.width + 2 if across else 1
    rows = base.height // tile.height + 2 if down else 1
    return tile.replicate(columns, rows), left, top_edge


def _picture(overlay: Overlay, base: Size, plan: Plan) -> pyvips.Image:
    """The overlay's picture in colour, with alpha, at its size."""
    layer = overlay.layer
    if layer is None:
        raise ValueError("an overlay without content was not settled")
    own = Size(layer.original.width, layer.original.height)
    target = overlay.size(own, base)
    path = plan.layers[layer.sha256]
    if layer.sha256 in plan.proved:
        proof = proof_size(layer.original)
        image = shape.resample(
            proofs.open_proof(path, proof, min(proof.width / target.width, proof.height / target.height)), target
        ).copy_memory()
    else:
        shrink = codecs.bounded(min(own.width / target.width, own.height / target.height), own)
        image = codecs.load(path, layer.original.format, shrink=shrink)
        turned = valid_orientation(shape.orientation(image))
        image = shape.resample(image, upright(target, turned)).copy_memory().autorot()
    image = tone.in_color(tone.to_srgb(image))
    return image if image.hasalpha() else image.addalpha()


def _text(text: Text, base: Size) -> pyvips.Image:
    """The text as a picture with alpha, no wider than what it is put on."""
    size = min(text.size, base.height)
    mask = letters_of(text, base, size)
    edge = 0
    if text.background is not None:
        edge = max(1, size // 4)
        mask = mask.embed(edge, edge, mask.width + 2 * edge, mask.height + 2 * edge)
    color = text.color
    alpha = mask if color.is_opaque else (mask * color.alpha / _TOP).cast("uchar")
    letters = mask.new_from_image(color.rgb).cast("uchar").bandjoin(alpha).copy(interpretation="srgb")
    if text.background is None:
        return letters
    backdrop = mask.new_from_image(text.background.rgba).cast("uchar").copy(interpretation="srgb")
    return backdrop.composite2(letters, "over").cast("uchar")


def letters_of(text: Text, base: Size, size: int) -> pyvips.Image:
    """The text as a mask; in smaller letters where lines of one word each would pass what can be drawn."""
    try:
        return pyvips.Image.text(
            # Markup is libvips' default: what is written stays what is read, with no hyphens where a word is broken.
            f'<span insert_hyphens="false">{html.escape(text.text)}</span>',
            font=f"{_FAMILIES[text.font]} {'Bold ' if text.bold else ''}{size}",
            width=min(text.width or base.width, base.width),
            wrap="word-char",
            align=_ALIGNMENTS[text.anchor.point[0]],
            dpi=_DPI,
        )
    except pyvips.Error:
        if size == 1:  # nothing of it can be seen
            return pyvips.Image.black(1, 1)
        return letters_of(text, base, size // 2)


def _faded(image: pyvips.Image, opacity: float) -> pyvips.Image:
    if opacity == 1:
        return image
    alpha = (image.extract_band(3) * opacity).cast("uchar")
    return image.extract_band(0, n=3).bandjoin(alpha).copy(interpretation="srgb")
