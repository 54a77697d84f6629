"""Media, and the collections that they are in."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any

import strawberry

from graphql_api.domain import media as domain
from graphql_api.domain.collection import Collection as DomainCollection
from graphql_api.domain.format import Format
from graphql_api.domain.media import Source, Status
from graphql_api.domain.media_filter import MediaFilter
from graphql_api.domain.page import NEWEST_FIRST, Order, Page, PageRequest, cursor_of
from graphql_api.domain.rendition import Rendition as PlannedRendition
from graphql_api.domain.rendition import address, original_address
from graphql_api.domain.traits import ColorSpace
from graphql_api.domain.transform import IDENTITY
from graphql_api.errors import InvalidInput
from graphql_api.services.links import ORIGINAL
from graphql_api.services.renderer import Asked
from graphql_api.services.responsive import plan_responsive, plan_responsive_alone
from schema import traits
from schema.columns import PATH, PLAIN
from schema.connection import AFTER, BEFORE, FIRST, LAST, Connection, parse_page, present_page
from schema.context import Info
from schema.links import EXPIRES_IN, signed
from schema.media_filter import KeyValue, MediaOrder, present_mapping
from schema.node import Node, format_global_id
from schema.projection import needed
from schema.scalars import BigInt, Duration
from schema.transform import Rendition, Responsive, TransformInput, present_responsive
from schema.transform import present as present_rendition
from schema.version import MediaVersion, present_versions

_FORMATS = (Format.AVIF, Format.WEBP)
_ORIGINAL_FOR = Duration(dt.timedelta(hours=1))


@strawberry.type(description="The point of a picture that matters most.")
class FocalPoint:
    """A domain FocalPoint."""

    x: float = strawberry.field(description="Across, 0 (left) to 1 (right).")
    y: float = strawberry.field(description="Down, 0 (top) to 1 (bottom).")


@strawberry.type(description="The file of a media exactly as it came, its metadata included (a drawing: cleaned).")
class Original:
    """A link to it."""

    url: str = strawberry.field(
        description="Where it can be fetched: signed, for an hour unless `expiresIn` says more."
    )
    filename: str = strawberry.field(description="What it is saved as.")
    content_type: str = strawberry.field(description="Its media type.")
    bytes: BigInt = strawberry.field(description="Its size in bytes.")


def _said(attribute: str, description: str) -> Any:
    """A field that the domain Media knows by itself; in columns that attribute is read, and `resolve` is not called."""
    path = f"domain.{attribute}"
    read = attrgetter(path)

    def resolve(self: Media):  # type: ignore[no-untyped-def] # noqa: ANN202 (what it gives, the field's annotation says)
        return read(self)

    return strawberry.field(resolve, description=description, metadata={**PLAIN, PATH: path})


@strawberry.type(description="One hosted image: a record and its original.")
class Media(Node):
    """A domain Media, of which each field reads its own part when it is asked for."""

    id: strawberry.ID = _said("global_id", "Opaque and globally unique; good for `node(id:)` and as a cache key.")
    uid: str = _said("uid", "Short public id, as in image URLs.")
    name: str = _said("name", "File name.")
    caption: str | None = _said("caption", "Caption, if there is one.")
    alt_text: str | None = _said("alt_text", "What a screen reader says of it.")
    public: bool = _said("public", "Whether everybody who knows the address may see it.")
    format: Format = _said("original.format", "Format of the original.")
    content_type: str = _said("original.format.content_type", "Media type of the original.")
    width: int = _said("original.width", "Width of the original in pixels, upright.")
    height: int = _said("original.height", "Height of the original in pixels, upright.")
    frames: int = _said("original.frames", "Number of frames; above 1 it moves.")
    has_alpha: bool = _said("original.has_alpha", "Whether it may be transparent somewhere.")
    transformable: bool = _said(
        "original.transformable",
        "Whether renditions are made of it; not of a drawing that takes too long to draw.",
    )
    bytes: BigInt = _said("bytes", "Size of the original in bytes.")
    sha256: str = _said("sha256", "SHA-256 of the original, in hexadecimal.")
    status: Status = _said("status", "Whether it is ready, or in the trash.")
    created_at: dt.datetime = _said("created_at", "When it was uploaded or imported.")
    updated_at: dt.datetime = _said("updated_at", "When something was last said of it.")
    expires_at: dt.datetime | None = _said("expires_at", "When it will be gone; null for never.")
    deleted_at: dt.datetime | None = _said("deleted_at", "When it was put into the trash; null unless it is there.")
    test: bool = _said("test", "Whether it was made with a test key: marked, short-lived, not counted.")
    version: int = _said("version", "How many files it has had: 1 until its file is replaced.")
    source: Source = _said("origin.source", "Where it came from.")
    domain: strawberry.Private[domain.Media]

    @strawberry.field(
        description="The point that `gravity: { smart: FOCAL }` keeps; null unless one was set.", metadata=PLAIN
    )
    def focal_point(self) -> FocalPoint | None:
        point = self.domain.focal_point
        return FocalPoint(x=point.x, y=point.y) if point else None

    @strawberry.field(description="What the team's own system calls it; null for others.", metadata=PLAIN)
    def external_id(self, info: Info) -> str | None:
        return self.domain.external_id if info.context.principal.owns(self.domain) else None

    @strawberry.field(
        description="The address that it was imported from; null for others than its team.", metadata=PLAIN
    )
    def source_url(self, info: Info) -> str | None:
        return self.domain.origin.url if info.context.principal.owns(self.domain) else None

    @strawberry.field(
        description="Free texts by key; empty for others than its team. (img.pro's `GET /v1/media/{id}` gives those of "
        "a public image to everybody.)",
        metadata=PLAIN,
    )
    def attributes(self, info: Info) -> list[KeyValue]:
        return present_mapping(self.domain.attributes) if info.context.principal.owns(self.domain) else []

    @strawberry.field(description="Short values by key, which lists can be filtered by; for its team alone.")
    async def labels(self, info: Info) -> list[KeyValue]:
        if not info.context.principal.owns(self.domain):
            return []
        return present_mapping(await info.context.labels.load(self.domain.id))

    @strawberry.field(
        description="Address of the image, as it is (without its metadata) or transformed.", metadata=PLAIN
    )
    def url(
        self,
        info: Info,
        transform: Annotated[TransformInput | None, strawberry.argument(description="What to make of it.")] = None,
        expires_in: Annotated[Duration | None, EXPIRES_IN] = None,
    ) -> str:
        if transform is not None:
            return self._transformed(info, transform, expires_in)  # type: ignore[return-value] # awaited by the executor
        plain = address(self.domain, info.context.services.source_url)
        return signed(info, self.domain, plain, expires_in)

    async def _transformed(self, info: Info, transform: TransformInput, expires_in: Duration | None) -> str:
        asked = await asked_of(info, self.domain.team_id, transform, None)
        planned = await info.context.services.renderer.plan(info.context.principal, self.domain, asked)
        return self._address(info, expires_in)(planned)

    def _address(self, info: Info, expires_in: Duration | None) -> Callable[[PlannedRendition], str]:
        source_url = info.context.services.source_url
        return lambda planned: signed(info, self.domain, planned.url(source_url), expires_in, public=planned.public)

    @strawberry.field(description="The file exactly as it came; for its team alone.", metadata=PLAIN)
    def original(self, info: Info, expires_in: Annotated[Duration | None, EXPIRES_IN] = None) -> Original | None:
        services = info.context.services
        if not info.context.principal.owns(self.domain):
            return None
        url = original_address(self.domain, services.public_url)
        return Original(
            url=services.links.sign(ORIGINAL, url, self.domain.version, expires_in or _ORIGINAL_FOR),
            filename=self.domain.name,
            content_type=self.domain.original.format.content_type,
            bytes=BigInt(self.domain.bytes),
        )

    @strawberry.field(
        description="The image transformed: address, size and format agree. Asking renders nothing.", metadata=PLAIN
    )
    def rendition(
        self,
        info: Info,
        transform: Annotated[
            TransformInput | None, strawberry.argument(description="What to make of it; nothing leaves it as it is.")
        ] = None,
        preset: Annotated[
            str | None,
            strawberry.argument(
                description="A preset of its team; what `transform` says beside it wins, the box (`width`, `height`, "
                "`size`, `dpr`) as a whole."
            ),
        ] = None,
        expires_in: Annotated[Duration | None, EXPIRES_IN] = None,
    ) -> Rendition:
        if preset is None:  # most need no database, and fifty tasks fewer
            asked = Asked(transform.parse() if transform else IDENTITY, strict=True)
            if (planned := info.context.services.renderer.plan_alone(self.domain, asked)) is not None:
                return present_rendition(planned, self._address(info, expires_in))
        return self._rendition(info, transform, preset, expires_in)  # type: ignore[return-value] # as in `url`

    async def _rendition(
        self, info: Info, transform: TransformInput | None, preset: str | None, expires_in: Duration | None
    ) -> Rendition:
        context = info.context
        asked = await asked_of(info, self.domain.team_id, transform, preset)
        planned = await context.services.renderer.plan(context.principal, self.domain, asked)
        return present_rendition(planned, self._address(info, expires_in))

    @strawberry.field(
        description="All that an `<img>` or `<picture>` needs, in one field. Asking renders nothing.", metadata=PLAIN
    )
    def responsive(
        self,
        info: Info,
        transform: Annotated[
            TransformInput | None, strawberry.argument(description="What to make of it, in the width of `src`.")
        ] = None,
        widths: Annotated[
            list[int] | None,
            strawberry.argument(
                description="At most 12 widths in pixels. Unless given: a quarter, half, once and twice that of the "
                "transform, or usual widths of pages up to its own. None but its own is "
                "enlarged beyond the original."
            ),
        ] = None,
        formats: Annotated[
            list[Format] | None,
            strawberry.argument(description="At most 3 other formats, the best first; AVIF and WebP unless given."),
        ] = None,
        sizes: Annotated[
            str | None, strawberry.argument(description="How wide it is shown; the transform's width or the page's.")
        ] = None,
        expires_in: Annotated[Duration | None, EXPIRES_IN] = None,
    ) -> Responsive:
        services, source_url = info.context.services, info.context.services.source_url
        asked = Asked(transform.parse() if transform else IDENTITY, strict=True)
        wanted = widths, _FORMATS if formats is None else tuple(dict.fromkeys(formats))
        density = (transform.dpr if transform else None) or 1
        sign = None if expires_in is None else self._address(info, expires_in)
        if (planned := plan_responsive_alone(services.renderer, self.domain, asked, wanted)) is not None:
            return present_responsive(planned, source_url, sign, sizes, density)

        async def plan() -> Responsive:
            waited = await plan_responsive(services.renderer, info.context.principal, self.domain, asked, wanted)
            return present_responsive(waited, source_url, sign, sizes, density)

        return plan()  # type: ignore[return-value] # as in `url`

    @strawberry.field(description="The files that it has had, the newest first; for its team alone.")
    async def versions(self, info: Info) -> list[MediaVersion]:
        if not info.context.principal.owns(self.domain):
            return []
        earlier = await info.context.versions.load(self.domain)
        return present_versions(self.domain, earlier)

    @strawberry.field(description="The transform that made it of `sourceMedia`, as an image address says it.")
    def operation(self, info: Info) -> str | None:
        return self.domain.origin.operation if info.context.principal.owns(self.domain) else None

    @strawberry.field(description="What it was made of; null for what came from outside, or when that is gone.")
    async def source_media(self, info: Info) -> Media | None:
        parent = self.domain.origin.parent_id
        if parent is None or not info.context.principal.owns(self.domain):
            return None
        found = await info.context.media.load(parent)
        return present(found) if found else None

    @strawberry.field(description="What was made of it, the newest first; for its team alone.")
    async def derived_media(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
        last: Annotated[int | None, LAST] = None,
        before: Annotated[str | None, BEFORE] = None,
    ) -> Connection[Media]:
        request = parse_page(first, after, last, before)
        if not info.context.principal.owns(self.domain):
            return present_page(Page((), has_previous=False, has_next=False), present, _no_cursor, _nothing)
        return await list_media(info, request, MediaFilter(source_media_id=self.domain.id))

    @strawberry.field(description="The collections that it is in, by name; for its team alone.")
    async def collections(self, info: Info) -> list[Collection]:
        if not info.context.principal.owns(self.domain):
            return []
        return [present_collection(found) for found in await info.context.collections.load(self.domain.id)]

    @strawberry.field(description="Words that the team has put on it, in their order.")
    async def tags(self, info: Info) -> list[str]:
        return list(await info.context.tags.load(self.domain.id))

    @strawberry.field(description="What the colours of the original mean; null when that is not known.")
    async def color_space(self, info: Info) -> ColorSpace | None:
        return (await info.context.traits.load(self.domain)).color_space

    @strawberry.field(description="What the camera wrote into the original; null when nothing is known of it.")
    async def exif(self, info: Info) -> traits.Exif | None:
        return traits.present_exif((await info.context.traits.load(self.domain)).exif)

    @strawberry.field(description="What to show until the image is there; null when that is not known.")
    async def placeholder(self, info: Info) -> traits.Placeholder | None:
        return traits.present_placeholder((await info.context.traits.load(self.domain)).placeholder)

    @strawberry.field(
        description="At most 6 colours, the largest share first, none if all is transparent; null when not known."
    )
    async def palette(self, info: Info) -> list[traits.PaletteColor] | None:
        return traits.present_palette((await info.context.traits.load(self.domain)).palette)

    @strawberry.field(
        description="64 bits in hexadecimal (DCT): alike images differ in few of them; null when not known."
    )
    async def perceptual_hash(self, info: Info) -> str | None:
        return (await info.context.traits.load(self.domain)).perceptual_hash


async def asked_of(info: Info, team_id: int, transform: TransformInput | None, preset: str | None) -> Asked:
    """What a transform and a preset of a team come to. InvalidInput."""
    named = await info.context.services.presets.find(team_id, preset) if preset is not None else None
    if preset is not None and named is None:
        raise InvalidInput("preset", "There is no preset of this name.")
    return Asked(transform.parse() if transform else IDENTITY, named, strict=True)


def present(media: domain.Media) -> Media:
    """A media in GraphQL's words."""
    return Media(domain=media)


@strawberry.type(description="Media that a team has put together, under a name.")
class Collection(Node):
    """A domain Collection."""

    name: str = strawberry.field(description="Its name, unique in the team.")
    description: str | None = strawberry.field(description="What it is for.")
    created_at: dt.datetime = strawberry.field(description="When it was made.")
    updated_at: dt.datetime = strawberry.field(description="When something was last said of it.")
    key: strawberry.Private[uuid.UUID]

    @strawberry.field(description="How many media are in it.")
    async def media_count(self, info: Info) -> int:
        return await info.context.collection_sizes.load(self.key)

    @strawberry.field(description="The media in it, newest first unless another order is asked for.")
    async def media(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
        last: Annotated[int | None, LAST] = None,
        before: Annotated[str | None, BEFORE] = None,
        order_by: Annotated[MediaOrder | None, strawberry.argument(description="In which order.")] = None,
    ) -> Connection[Media]:
        order = order_by.parse() if order_by else NEWEST_FIRST
        return await list_media(
            info, parse_page(first, after, last, before, order), MediaFilter(collection_id=self.key)
        )


def present_collection(collection: DomainCollection) -> Collection:
    """A collection in GraphQL's words."""
    return Collection(
        id=format_global_id("Collection", collection.id),
        name=collection.name,
        description=collection.description,
        created_at=collection.created_at,
        updated_at=collection.updated_at,
        key=collection.id,
    )


async def list_media(info: Info, request: PageRequest, wanted: MediaFilter) -> Connection[Media]:
    """A slice of the team's media in GraphQL's words."""
    library, principal = info.context.library, info.context.principal
    page = await library.list(principal, request, wanted, needed(info))
    cursor = functools.partial(media_cursor, request.order)
    return present_page(page, present, cursor, functools.partial(library.count, principal, wanted))


def media_cursor(order: Order, media: Media) -> str:
    """Where a media stands in an order."""
    return cursor_of(media.domain, order).format()


def _no_cursor(_: Media) -> str:
    return ""


async def _nothing() -> int:
    return 0
