"""What an image shows, in GraphQL's words."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from graphql_api.domain import traits as domain

_WEBP = "data:image/webp;base64,"

strawberry.enum(
    domain.ColorSpace,
    name="ColorSpace",
    description="What stored colours mean; RGB is one of a profile without a name of its own here.",
)


@strawberry.type(description="Where an image was taken.")
class Location:
    """A Location."""

    latitude: float = strawberry.field(description="Degrees, north is positive.")
    longitude: float = strawberry.field(description="Degrees, east is positive.")
    altitude: float | None = strawberry.field(description="Metres above the sea.")


@strawberry.type(
    description="What a camera wrote into an image. Anything may be missing, and nothing of it is verified."
)
class Exif:
    """An Exif."""

    make: str | None = strawberry.field(description="Maker of the camera.")
    model: str | None = strawberry.field(description="Model of the camera.")
    lens: str | None = strawberry.field(description="Model of the lens.")
    taken_at: str | None = strawberry.field(
        description="When it was taken, in ISO 8601 by the camera's clock; with an offset only if it gave one."
    )
    exposure_time: float | None = strawberry.field(description="Time of exposure in seconds.")
    f_number: float | None = strawberry.field(description="Aperture, as an f-number.")
    iso: int | None = strawberry.field(description="ISO sensitivity.")
    focal_length: float | None = strawberry.field(description="Focal length in millimetres.")
    artist: str | None = strawberry.field(description="Who took it.")
    copyright: str | None = strawberry.field(description="Copyright notice.")
    serial_number: str | None = strawberry.field(
        description="Serial number of the camera; null for all but the image's team."
    )
    lens_serial_number: str | None = strawberry.field(
        description="Serial number of the lens; null for all but the image's team."
    )
    location: Location | None = strawberry.field(
        description="Where it was taken; null for all but the image's team, public or not."
    )


@strawberry.type(description="What to show until an image is there.")
class Placeholder:
    """A Placeholder."""

    thumbhash: str = strawberry.field(description="ThumbHash, in base64.")
    blurhash: str = strawberry.field(description="BlurHash.")
    color: str | None = strawberry.field(
        description="The colour with the largest share, as `#rrggbb`; null when all is transparent."
    )
    data_url: str = strawberry.field(description="A data: URL of the image in some 20 pixels, for `src`.")


@strawberry.type(description="A colour of an image.")
class PaletteColor:
    """A PaletteColor."""

    color: str = strawberry.field(description="The colour, as `#rrggbb`.")
    share: float = strawberry.field(description="Its share of the visible pixels, 0 to 1.")


def present_exif(exif: domain.Exif | None) -> Exif | None:
    """What the camera wrote, in GraphQL's words."""
    if exif is None:
        return None
    at = exif.location
    return Exif(
        make=exif.make,
        model=exif.model,
        lens=exif.lens,
        taken_at=exif.taken_at,
        exposure_time=exif.exposure_time,
        f_number=exif.f_number,
        iso=exif.iso,
        focal_length=exif.focal_length,
        artist=exif.artist,
        copyright=exif.copyright,
        serial_number=exif.serial_number,
        lens_serial_number=exif.lens_serial_number,
        location=Location(latitude=at.latitude, longitude=at.longitude, altitude=at.altitude) if at else None,
    )


def present_placeholder(placeholder: domain.Placeholder | None) -> Placeholder | None:
    """A placeholder in GraphQL's words."""
    if placeholder is None:
        return None
    return Placeholder(
        thumbhash=placeholder.thumbhash,
        blurhash=placeholder.blurhash,
        color=placeholder.color,
        data_url=_WEBP + placeholder.preview,
    )


def present_palette(palette: Sequence[domain.PaletteColor] | None) -> list[PaletteColor] | None:
    """A palette in GraphQL's words."""
    if palette is None:
        return None
    return [PaletteColor(color=item.color, share=item.share) for item in palette]
