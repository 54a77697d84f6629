"""What happens, told to whoever listens now: in this process and, through Redis, in all that share it.

Nothing is kept: who is not there misses it. Messages say which object changed, never what is in it: each listener
looks for itself, with its own rights.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.domain.event import Event, EventType
from graphql_api.errors import Overloaded

log = structlog.get_logger("tintype")

_CHANNEL = "tintype:live"
_WAITING = 256  # messages that one listener may be behind
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a media of a team."""

    type: EventType
    media_id: uuid.UUID
    team_id: int
    test: bool
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes of an upload are here."""

    upload_id: uuid.UUID
    received: int
    total: int
    done: bool


Message = Change | Progress


class Live:
    """Passes messages on. Telling never waits and never fails."""

    def __init__(self, redis_url: str) -> None:
        self._listeners: set[asyncio.Queue[Message | None]] = set()
        self._redis = Redis.from_url(redis_url) if redis_url else None
        self._origin = uuid.uuid4().hex
        self._publishing: set[asyncio.Task[None]] = set()

    def tell_of(self, event: Event) -> None:
        """Tell of what happened to a media."""
        media = event.media
        self.tell(Change(event.type, media.id, media.team_id, media.test, event.at))

    def tell(self, message: Message) -> None:
        """Tell everybody."""
        self._pass_on(message)
        if self._redis is not None:
            task = asyncio.create_task(self._publish(self._redis, message))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)

    def _pass_on(self, message: Message) -> None:
        for queue in tuple(self._listeners):
            if queue.qsize() >= _WAITING:
                queue.put_nowait(None)  # too slow: it is told so, and goes
                self._listeners.discard(queue)
            else:
                queue.put_nowait(message)

    @contextlib.contextmanager
    def listening(self) -> Iterator[AsyncIterator[Message]]:
        """All that is told from now on, inside the context."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield _heard(queue)
        finally:
            self._listeners.discard(queue)

    # --- between processes

    async def _publish(self, redis: Redis, message: Message) -> None:
        said = {"from": self._origin, "kind": type(message).__name__, "message": message}
        try:
            await redis.publish(_CHANNEL, orjson.dumps(said))
        except (RedisError, OSError) as error:
            log.warning("live_not_shared", error=type(error).__name__)

    async def run(self) -> None:
        """Pass on what other processes tell, for ever; Redis being away only keeps processes apart."""
        while self._redis is not None:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(_CHANNEL)
                    async for said in channel.listen():
                        if said["type"] == "message" and (message := self._parse(said["data"])):
                            self._pass_on(message)
            except (RedisError, OSError) as error:
                log.warning("live_alone", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    def _parse(self, data: bytes) -> Message | None:
        """The message of another process; None for our own, and for what is none."""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = orjson.loads(data)
            if said["from"] == self._origin:
                return None
            told = said["message"]
            if said["kind"] == "Progress":
                return Progress(uuid.UUID(told["upload_id"]), told["received"], told["total"], told["done"])
            kind, moment = EventType(told["type"]), dt.datetime.fromisoformat(told["at"])
            return Change(kind, uuid.UUID(told["media_id"]), told["team_id"], told["test"], moment)
        return None

    def end(self) -> None:
        """Let all listeners go."""
        for queue in tuple(self._listeners):
            queue.put_nowait(None)
        self._listeners.clear()

    async def close(self) -> None:
        """Let go the connections to Redis."""
        self.end()
        for task in self._publishing:
            task.cancel()
        if self._redis is not None:
            await self._redis.aclose()


async def _heard(queue: asyncio.Queue[Message | None]) -> AsyncIterator[Message]:
    """What comes. Overloaded for who does not take it as fast as it comes, and when the server ends."""
    while (message := await queue.get()) is not None:
        yield message
    raise Overloaded("More happened than could be told; look anew and listen again.")
