"""Words on media: tags, in the order in which they were given, and labels by key."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from pypika_tortoise.enums import Order
from pypika_tortoise.functions import Count
from pypika_tortoise.queries import Query, Table
from pypika_tortoise.terms import Criterion

from graphql_api.db.models import Label as LabelRow
from graphql_api.db.models import MediaTag as MediaTagRow
from graphql_api.db.models import Tag as TagRow
from graphql_api.db.rows import fetch, identity

_tag, _media_tag, _media, _label = Table("tag"), Table("media_tag"), Table("media"), Table("label")


async def tags_of(media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, tuple[str, ...]]:
    """The tags of these media, in the order in which they were given."""
    query = (
        Query.from_(_media_tag)
        .join(_tag)
        .on(_tag.id == _media_tag.tag_id)
        .select(_media_tag.media_id, _tag.name)
        .where(_media_tag.media_id.isin([str(media_id) for media_id in media_ids]))
        .orderby(_media_tag.position)
    )
    tags: dict[uuid.UUID, tuple[str, ...]] = {}
    for row in await fetch(query):
        media_id = identity(row["media_id"])
        tags[media_id] = (*tags.get(media_id, ()), row["name"])
    return tags


async def set_tags(team_id: int, media_id: uuid.UUID, tags: Sequence[str]) -> None:
    """Give the media exactly these tags."""
    await MediaTagRow.filter(media_id=media_id).delete()
    if not tags:
        return
    await TagRow.bulk_create([TagRow(team_id=team_id, name=name) for name in tags], ignore_conflicts=True)
    ids = {row.name: row.id for row in await TagRow.filter(team_id=team_id, name__in=list(tags))}
    await MediaTagRow.bulk_create(
        [MediaTagRow(media_id=media_id, tag_id=ids[name], position=position) for position, name in enumerate(tags)]
    )


async def count_tags(among: Criterion, limit: int) -> list[tuple[str, int]]:
    """Each tag of media that `among` holds for, and on how many of them it is; the most frequent first."""
    total = Count("*")
    query = (
        Query.from_(_media)
        .join(_media_tag)
        .on(_media_tag.media_id == _media.id)
        .join(_tag)
        .on(_tag.id == _media_tag.tag_id)
        .select(_tag.name, total.as_("total"))
        .where(among)
        .groupby(_tag.name)
        .orderby(total, order=Order.desc)
        .orderby(_tag.name)
        .limit(limit)
    )
    return [(row["name"], row["total"]) for row in await fetch(query)]


async def labels_of(media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, dict[str, str]]:
    """The labels of these media, by key."""
    query = Query.from_(_label).select(_label.media_id, _label.key, _label.value)
    rows = await fetch(query.where(_label.media_id.isin([str(i) for i in media_ids])).orderby(_label.id))
    labels: dict[uuid.UUID, dict[str, str]] = {}
    for row in rows:
        labels.setdefault(identity(row["media_id"]), {})[row["key"]] = row["value"]
    return labels


async def set_labels(team_id: int, media_id: uuid.UUID, labels: Mapping[str, str]) -> None:
    """Give the media exactly these labels."""
    await LabelRow.filter(media_id=media_id).delete()
    made = [LabelRow(media_id=media_id, team_id=team_id, key=key, value=value) for key, value in labels.items()]
    if made:
        await LabelRow.bulk_create(made)
