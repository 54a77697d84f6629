"""The transform as GraphQL says it. Strict: what cannot be is refused with the name of the field."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import Enum

import strawberry

from graphql_api.domain import transform as domain
from graphql_api.domain.color import BLACK
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit
from graphql_api.domain.gravity import CENTER
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.rendition import Rendition as PlannedRendition
from graphql_api.domain.rendition import place
from graphql_api.domain.stage import Filter, Stage, check_range, flip_and_turn, refuse_box_with_size
from graphql_api.domain.transform_query import MAX_BLUR, MAX_DPR
from graphql_api.errors import InvalidInput
from graphql_api.services import responsive
from schema.context import Info
from schema.errors import within
from schema.overlay import OverlayInput
from schema.scalars import BigInt, Color
from schema.shapes import BorderInput, BoxInput, DuotoneInput, EdgesInput, GravityInput, TrimInput
from schema.traits import Placeholder, present_placeholder

strawberry.enum(Fit, name="Fit", description="How an image meets the box of width x height.")
strawberry.enum(Filter, name="Filter", description="A look with a name.")
strawberry.enum(
    Metadata, name="MetadataPolicy", description="What of the original's EXIF data the result has. COPYRIGHT: in JPEG."
)


@strawberry.enum(description="A format to write. AUTO: the best that the one who loads the image takes.")
class OutputFormat(Enum):
    """The words of `format=`."""

    AUTO = "auto"
    JPEG = Format.JPEG.value
    PNG = Format.PNG.value
    GIF = Format.GIF.value
    WEBP = Format.WEBP.value
    AVIF = Format.AVIF.value


@strawberry.enum(
    description="A size by name: a short side of 320 (S), 640 (M), 1080 (L) pixels, a longest side of 2560 (XL), 3840 "
    "(XXL) or 32 (LQIP, a placeholder), or a card of 1200 x 630 (SOCIAL)."
)
class SizeName(Enum):
    """The words of `size=`."""

    S = "s"
    M = "m"
    L = "l"
    XL = "xl"
    XXL = "xxl"
    SOCIAL = "social"
    LQIP = "lqip"


@strawberry.enum(description="Mirrored left to right, top to bottom, or both; before it is rotated.")
class Flip(Enum):
    """The words of `flip=`."""

    HORIZONTAL = (True, False)
    VERTICAL = (False, True)
    BOTH = (True, True)


@strawberry.input(
    description="What to make of an image, in this order: crop, trim, flip, rotate, scale and fit, cut out, colours, "
    "blur and sharpen, background, overlays, padding, border, corners. Nothing given leaves it as it is."
)
class TransformInput:
    """The fields of a Stage and an Output."""

    width: int | None = strawberry.field(default=None, description="Width of the box, 1 to 8192 pixels.")
    height: int | None = strawberry.field(default=None, description="Height of the box, 1 to 8192 pixels.")
    dpr: float | None = strawberry.field(
        default=None, description="Pixels of the screen a pixel of the page, up to 8: multiplies all lengths."
    )
    fit: Fit | None = strawberry.field(
        default=None, description="How the image meets the box; SCALE_DOWN unless given. Not with `size`."
    )
    size: SizeName | None = strawberry.field(default=None, description="A size by name, instead of width and height.")
    gravity: GravityInput | None = strawberry.field(
        default=None, description="Which part stays when some is cut off; the centre unless given."
    )
    zoom: float | None = strawberry.field(
        default=None, description="With faces: 0 keeps as much as possible around them, 1 as little."
    )
    crop: BoxInput | None = strawberry.field(default=None, description="The part of the original that is used.")
    trim: TrimInput | None = strawberry.field(default=None, description="What is cut off all around.")
    flip: Flip | None = strawberry.field(default=None, description="Mirrored; before it is rotated.")
    rotate: float | None = strawberry.field(
        default=None, description="Degrees clockwise; at other than right angles the corners show the background."
    )
    segment_foreground: bool = strawberry.field(
        default=False, description="Cuts the foreground out; the rest is transparent, or shows the background."
    )
    brightness: float | None = strawberry.field(default=None, description="A factor, 0 to 10; 0 is black.")
    contrast: float | None = strawberry.field(default=None, description="A factor, 0 to 10; 0 is grey all over.")
    gamma: float | None = strawberry.field(
        default=None, description="An exponent, 0 to 10: below 1 lightens; 0 and 1 change nothing."
    )
    saturation: float | None = strawberry.field(default=None, description="A factor, 0 to 10; 0 is greyscale.")
    lightness: float | None = strawberry.field(default=None, description="Per cent of white to add, -100 to 100.")
    hue: int | None = strawberry.field(default=None, description="Degrees on the colour circle, -360 to 360.")
    exposure: float | None = strawberry.field(default=None, description="Stops of light, -10 to 10.")
    filter: Filter | None = strawberry.field(default=None, description="A look with a name.")
    duotone: DuotoneInput | None = strawberry.field(default=None, description="Two colours for all.")
    blur: int | None = strawberry.field(
        default=None, description="Standard deviation in pixels of the result, 0 to 250."
    )
    sharpen: float | None = strawberry.field(default=None, description="0 to 10; 1 is a good start.")
    pixelate: int | None = strawberry.field(default=None, description="Side of a block, 1 to 1000 pixels.")
    background: Color | None = strawberry.field(
        default=None,
        description="Behind what is transparent, in padding and around `fit: PAD`, where it is else white.",
    )
    overlays: list[OverlayInput] = strawberry.field(
        default_factory=list, description="What is put on top, at most 5; the later above the earlier."
    )
    padding: EdgesInput | None = strawberry.field(default=None, description="Room around the image.")
    border: BorderInput | None = strawberry.field(default=None, description="A border around that.")
    radius: int | None = strawberry.field(
        default=None, description="Of the corners in pixels; half the shorter side at the most: a circle of a square."
    )
    format: OutputFormat | None = strawberry.field(
        default=None,
        description="Output format; unless given the original's, or JPEG or PNG where it is for no browser.",
    )
    quality: int | None = strawberry.field(
        default=None, description="1 to 100. 100 is lossless in WebP; below makes a PNG of at most 256 colours."
    )
    animated: bool | None = strawberry.field(
        default=None,
        description="Whether what moves keeps moving, in GIF and WebP; unless given all does but a SOCIAL card.",
    )
    metadata: Metadata = strawberry.field(
        default=Metadata.COPYRIGHT, description="What of the original's EXIF data the result has."
    )

    def parse(self) -> domain.Transform:
        """The transform; the same one for all media of a list. InvalidInput naming the field."""
        return self._parsed

    @functools.cached_property
    def _parsed(self) -> domain.Transform:
        with within("transform"):
            return domain.Transform((self._stage(),), self._output())

    def _output(self) -> Output:
        auto = self.format is OutputFormat.AUTO
        return Output(
            format=Format(self.format.value) if self.format and not auto else None,
            auto=auto,
            quality=self.quality,
            still=self.size is SizeName.SOCIAL if self.animated is None else not self.animated,
            metadata=self.metadata,
        )

    def _stage(self) -> Stage:
        across, upside_down = self.flip.value if self.flip else (False, False)
        mirror, rotate = flip_and_turn(across=across, upside_down=upside_down, degrees=self.rotate or 0)
        named = self._named_size()
        check_range("blur", self.blur, 0, MAX_BLUR)
        stage = Stage(
            crop=self.crop.parse() if self.crop else None,
            trim=self.trim.parse() if self.trim else None,
            mirror=mirror,
            rotate=rotate,
            width=self.width if named is None else named.width,
            height=self.height if named is None else named.height,
            short_side=named.short_side if named else None,
            fit=named.fit if named else self.fit or Fit.SCALE_DOWN,
            gravity=self.gravity.parse() if self.gravity else CENTER,
            zoom=self.zoom or 0,
            segment=self.segment_foreground,
            brightness=self.brightness,
            contrast=self.contrast,
            gamma=self.gamma,
            saturation=self.saturation,
            lightness=self.lightness,
            hue=self.hue,
            exposure=self.exposure,
            filter=self.filter,
            duotone=(self.duotone.dark, self.duotone.light) if self.duotone else None,
            blur=self.blur,
            sharpen=self.sharpen,
            pixelate=self.pixelate,
            background=self.background,
            overlays=tuple(overlay.parse(place) for place, overlay in enumerate(self.overlays)),
            padding=self.padding.parse("padding") if self.padding else None,
            border=self.border.width.parse("border", "width") if self.border else None,
            border_color=(self.border.color if self.border else None) or BLACK,
            radius=self.radius,
        )
        if self.dpr is None:
            return stage
        if not 0 < self.dpr <= MAX_DPR:
            raise InvalidInput("dpr", f"'dpr' must be above 0 and at most {MAX_DPR}.")
        return stage.times(self.dpr)

    def _named_size(self) -> Stage | None:
        if self.size is None:
            return None
        refuse_box_with_size(self.width, self.height)
        if self.fit is not None:
            raise InvalidInput("fit", "'fit' cannot be combined with 'size'.")
        return domain.named_size(self.size.value)


@strawberry.type(
    description="An image that a transform makes: the address and what is behind it. Asking renders nothing."
)
class Rendition:
    """A planned rendition."""

    url: str = strawberry.field(description="Where it is. Private images need an Authorization header, or `expiresIn`.")
    width: int | None = strawberry.field(description="Width in pixels; null when a border is to be looked for.")
    height: int | None = strawberry.field(description="Height in pixels; null when a border is to be looked for.")
    format: Format = strawberry.field(description="Its format; with AUTO the one for who accepts no other.")
    content_type: str = strawberry.field(description="Its media type.")
    planned: strawberry.Private[PlannedRendition]

    @strawberry.field(description="Its size in bytes; null until it was made, as asking makes nothing.")
    async def bytes(self, info: Info) -> BigInt | None:
        stored = await info.context.services.renderer.find(self.planned)
        return BigInt(stored.size) if stored else None

    @strawberry.field(description="What to show until it is there: of this rendition, not of the whole original.")
    async def placeholder(self, info: Info) -> Placeholder | None:
        return present_placeholder(await info.context.placeholders.load(self.planned))


Address = Callable[[PlannedRendition], str]


def present(rendition: PlannedRendition, address: Address) -> Rendition:
    """A planned rendition in GraphQL's words."""
    size = rendition.size
    return Rendition(
        url=address(rendition),
        width=size.width if size else None,
        height=size.height if size else None,
        format=rendition.recipe.format,
        content_type=rendition.content_type,
        planned=rendition,
    )


@strawberry.type(description="The same picture in several widths, in a format that some browsers have.")
class ResponsiveSource:
    """What a `<source>` needs."""

    type: str = strawberry.field(description="Its media type.")
    src_set: str = strawberry.field(description="Addresses and widths, as `srcset` has them.")
    sizes: str = strawberry.field(description="How wide it is shown, as `sizes` has it.")


@strawberry.type(description="All that an `<img>` or `<picture>` needs, for screens of all widths.")
class Responsive:
    """A planned Responsive."""

    src: str = strawberry.field(description="The picture as it was asked for: for `src`.")
    src_set: str = strawberry.field(description="It in several widths: for `srcset`.")
    sizes: str = strawberry.field(description="How wide it is shown: for `sizes`.")
    sources: list[ResponsiveSource] = strawberry.field(description="The same in other formats, for `<source>`.")
    width: int = strawberry.field(description="Width of `src` in pixels.")
    height: int = strawberry.field(description="Height of `src` in pixels.")
    planned: strawberry.Private[PlannedRendition]

    @strawberry.field(description="What to show until it is there.")
    async def placeholder(self, info: Info) -> Placeholder | None:
        return present_placeholder(await info.context.placeholders.load(self.planned))


def present_responsive(
    planned: responsive.Responsive, source_url: str, sign: Address | None, sizes: str | None, density: float
) -> Responsive:
    """A planned Responsive in GraphQL's words, its addresses as `sign` has them or as everybody may know them.

    `density` is how many of its pixels a pixel of the page has.
    """
    width, first = planned.size.width, planned.base.asked.stages[:1]
    wide = max(1, round(width / density))
    shown = sizes or (f"(min-width: {wide}px) {wide}px, 100vw" if first and first[0].width is not None else "100vw")

    def src_set(variants: responsive.Variants) -> str:
        media = planned.base.media
        if sign is None:
            start = responsive.escape(place(media, source_url))
            return start + f", {start}".join(variants.tails) if variants.tails else ""
        return ", ".join(f"{responsive.escape(sign(item))} {width}w" for width, item in variants.of(media))

    return Responsive(
        src=sign(planned.base) if sign else planned.base.url(source_url),
        src_set=src_set(planned.own),
        sizes=shown,
        sources=[
            ResponsiveSource(type=kind.content_type, src_set=src_set(variants), sizes=shown)
            for kind, variants in planned.others
        ],
        width=width,
        height=planned.size.height,
        planned=planned.base,
    )
