"""Which original bytes are in the store, and how many media point at them."""

from __future__ import annotations

from collections.abc import Collection

from pypika_tortoise.queries import Query, Table
from tortoise.expressions import F

from graphql_api.db.models import Blob
from graphql_api.db.rows import fetch, json_object
from graphql_api.domain.traits import Probed, Traits, from_json, to_json

_blob = Table("blob")


async def add_reference(sha256: str, size: int, probed: Probed | None = None) -> None:
    """One more media points at these bytes, which show this. Holds the row until the transaction ends."""
    shown = {}
    if probed:
        traits = probed.traits
        shown = {"traits": to_json(traits), "phash": traits.perceptual_hash, "thumb": probed.thumb}
    updated = 0
    while not updated:
        await Blob.bulk_create([Blob(sha256=sha256, size=size, refs=0)], ignore_conflicts=True)
        # None, where the row was there still, and its removal was certain only when we had waited for it.
        updated = await Blob.filter(sha256=sha256).update(refs=F("refs") + 1, size=size, **shown)


async def traits_of(digests: Collection[str]) -> dict[str, Traits]:
    """What these bytes show, as far as it was written down."""
    query = Query.from_(_blob).select(_blob.sha256, _blob.traits, _blob.phash)
    rows = await fetch(query.where(_blob.sha256.isin(list(digests)) & _blob.traits.notnull()))
    return {row["sha256"]: from_json(json_object(row["traits"]), row["phash"]) for row in rows}


async def thumbs_of(digests: Collection[str]) -> dict[str, bytes]:
    """The thumbnails of these bytes, as far as there are any."""
    query = Query.from_(_blob).select(_blob.sha256, _blob.thumb)
    rows = await fetch(query.where(_blob.sha256.isin(list(digests)) & _blob.thumb.notnull()))
    return {row["sha256"]: bytes(row["thumb"]) for row in rows if row["thumb"]}


async def drop_reference(sha256: str) -> None:
    """One media less points at these bytes."""
    await Blob.filter(sha256=sha256).update(refs=F("refs") - 1)


async def adopt(sha256: str) -> None:
    """Give bytes that no row knows a row without references, so that they are removed like all others."""
    await Blob.bulk_create([Blob(sha256=sha256, size=0, refs=0)], ignore_conflicts=True)


async def known(digests: Collection[str]) -> set[str]:
    """Those of the digests that have a row."""
    rows = await Blob.filter(sha256__in=list(digests)).values_list("sha256", flat=True)
    return {str(digest) for digest in rows}


async def delete_unreferenced(sha256: str) -> bool:
    """Remove the row if nothing points at it; the row stays locked for others until the transaction ends."""
    return bool(await Blob.filter(sha256=sha256, refs=0).delete())


async def unreferenced(*, after: str = "", limit: int) -> list[str]:
    """Bytes that nothing points at, in the order of their digests."""
    rows = Blob.filter(refs=0, sha256__gt=after).order_by("sha256").limit(limit)
    return [str(digest) for digest in await rows.values_list("sha256", flat=True)]
