"""Media one by one. Lists: media_list.py; what a row says: media_row.py."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pypika_tortoise.queries import Table
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q

from graphql_api.db.media_row import fetch_media, select, select_of_all_teams, to_media
from graphql_api.db.models import Media as MediaRow
from graphql_api.db.original import original_columns
from graphql_api.db.rows import Statement
from graphql_api.domain.media import Changes, Keep, Media
from graphql_api.errors import DuplicateExternalId

_media = Table("media")

_BY_ID = Statement(lambda value: select().where(_media.id == value))
_BY_UID = Statement(lambda value: select().where(_media.uid == value))


async def find(media_id: uuid.UUID) -> Media | None:
    """The media with this id."""
    return next(iter(to_media(await _BY_ID.fetch(str(media_id)))), None)


async def find_many(media_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Media]:
    """The media with these ids, as far as there are any."""
    found = await fetch_media(select().where(_media.id.isin([str(media_id) for media_id in media_ids])))
    return {media.id: media for media in found}


async def find_by_uid(uid: str) -> Media | None:
    """The media with this slug."""
    return next(iter(to_media(await _BY_UID.fetch(uid))), None)


async def find_by_external_id(team_id: int, external_id: str, *, test: bool) -> Media | None:
    """The team's media of this name."""
    named = (_media.team_id == team_id) & (_media.test == test) & (_media.external_id == external_id)
    return next(iter(await fetch_media(select().where(named))), None)


async def insert(media: Media) -> None:
    """Keep a new media. DuplicateExternalId."""
    with _worded():
        await _insert(media)


@contextmanager
def _worded() -> Iterator[None]:
    """DuplicateExternalId for what only the database can know when two callers come at once."""
    try:
        yield
    except IntegrityError as error:
        if "external_id" in str(error):
            raise DuplicateExternalId from error
        raise


async def _insert(media: Media) -> None:
    focal, origin = media.focal_point, media.origin
    await MediaRow.create(
        id=media.id,
        uid=media.uid,
        team_id=media.team_id,
        blob_id=media.sha256,
        name=media.name,
        caption=media.caption,
        alt_text=media.alt_text,
        public=media.public,
        **original_columns(media.original),
        bytes=media.bytes,
        attributes=dict(media.attributes),
        created_at=media.created_at,
        updated_at=media.updated_at,
        expires_at=media.expires_at,
        test=media.test,
        external_id=media.external_id,
        source=origin.source,
        source_url=origin.url,
        parent_id=origin.parent_id,
        operation=origin.operation,
        focal_x=focal.x if focal else None,
        focal_y=focal.y if focal else None,
    )


async def update(media_id: uuid.UUID, changes: Changes, expires_at: dt.datetime | None, now: dt.datetime) -> None:
    """Write what an update changes, its tags apart; `expires_at` counts when it changes the time to live.

    DuplicateExternalId.
    """
    named = {
        "name": changes.name,
        "caption": changes.caption,
        "alt_text": changes.alt_text,
        "public": changes.public,
        "attributes": changes.attributes,
        "external_id": changes.external_id,
    }
    kept: dict[str, object] = {name: value for name, value in named.items() if not isinstance(value, Keep)}
    if not isinstance(changes.ttl, Keep):
        kept["expires_at"] = expires_at
    if not isinstance(changes.focal_point, Keep):
        point = changes.focal_point
        kept |= {"focal_x": point.x if point else None, "focal_y": point.y if point else None}
    with _worded():
        await MediaRow.filter(id=media_id).update(**kept, updated_at=now)


async def free_external_id(team_id: int, external_id: str, now: dt.datetime, *, test: bool) -> None:
    """Take the name from media that are over: nobody could ask for them by it."""
    named = MediaRow.filter(team_id=team_id, test=test, external_id=external_id)
    await named.filter(Q(deleted_at__isnull=False) | Q(expires_at__lte=now)).update(external_id=None)


async def delete(media: Media, *, unchanged: bool = False) -> bool:
    """Remove the row; False when another caller was faster, or (`unchanged`) it was given another end meanwhile."""
    found = MediaRow.filter(id=media.id)
    if unchanged:
        found = found.filter(expires_at=media.expires_at, deleted_at=media.deleted_at)
    return bool(await found.delete())


async def set_deleted(media_id: uuid.UUID, now: dt.datetime) -> bool:
    """Put it into the trash; False when it is there already, or gone."""
    return bool(await MediaRow.filter(id=media_id, deleted_at=None).update(deleted_at=now))


async def clear_deleted(media_id: uuid.UUID, now: dt.datetime) -> bool:
    """Take it out of the trash; False when it is not in there."""
    return bool(await MediaRow.filter(id=media_id).exclude(deleted_at=None).update(deleted_at=None, updated_at=now))


async def over(now: dt.datetime, deleted: dt.datetime, limit: int, *, team_id: int | None = None) -> list[Media]:
    """Media whose time is over, and such as were put into the trash before `deleted`."""
    found: list[Media] = []
    # Two statements: each walks its own index, which an OR of both would not.
    for condition in (_media.expires_at <= now, _media.deleted_at <= deleted):
        query = select().where(condition).limit(limit)
        found += await fetch_media(query if team_id is None else query.where(_media.team_id == team_id))
    return list({media.id: media for media in found}.values())


async def lock(media_id: uuid.UUID) -> Media | None:
    """The media as it is now, even in a team that is being erased; until the transaction ends nobody changes it."""
    await MediaRow.filter(id=media_id).update(version=F("version"))
    return next(iter(await fetch_media(select_of_all_teams().where(_media.id == str(media_id)))), None)


async def replace_file(media: Media) -> None:
    """Write the original that the media has now, as its newest version. To be called while the media is locked."""
    origin = media.origin
    await MediaRow.filter(id=media.id).update(
        blob_id=media.sha256,
        **original_columns(media.original),
        bytes=media.bytes,
        source=origin.source,
        source_url=origin.url,
        parent_id=origin.parent_id,
        operation=origin.operation,
        version=media.version,
        shown_version=media.shown_version,
        replaced_at=media.replaced_at,
        updated_at=media.updated_at,
    )


async def show_newest(media_id: uuid.UUID) -> None:
    """Let addresses without a version show the newest."""
    await MediaRow.filter(id=media_id).update(shown_version=None)


async def batch_of(team_id: int, after: str, limit: int) -> list[Media]:
    """All media of a team, even of one that is being erased, in the order of their ids."""
    query = select_of_all_teams().where(_media.team_id == team_id)
    if after:
        query = query.where(_media.id > after)
    return await fetch_media(query.orderby(_media.id).limit(limit))
