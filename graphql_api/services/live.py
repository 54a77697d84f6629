"""What happens, told to whoever listens now: in this process and, through Redis, in all that share it.

Nothing is kept: who is not there misses it. Messages say which object changed, never what is in it: each listener
looks for itself, with its own rights. A topic is a team or an upload: nobody hears, or parses, what is of another.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graphql_api.domain.event import Event, EventType
from graphql_api.errors import Overloaded
from graphql_api.services.metrics import Metrics

log = structlog.get_logger("tintype")

_CHANNEL = "tintype:live:"
_WAITING = 256  # messages that one listener may be behind
_UNSENT = 1024  # messages that Redis may be behind
_REDIS_SECONDS = 2.0  # for one message
_SILENCE_SECONDS = 15.0  # after which Redis is asked whether it is there, and after which again it is not
_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a media of a team."""

    type: EventType
    media_id: uuid.UUID
    team_id: int
    test: bool
    at: dt.datetime

    @property
    def topic(self) -> str:
        """Its team."""
        return f"team/{self.team_id}"


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes of an upload are here."""

    upload_id: uuid.UUID
    received: int
    total: int
    done: bool

    @property
    def topic(self) -> str:
        """Its upload."""
        return f"upload/{self.upload_id}"


Message = Change | Progress


class Listener:
    """What is told of a topic. Waiting for the next message may be given up, and begun again."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()

    def put(self, message: Message | None) -> bool:
        """Tell it something, or (None) that it ends; False for who is too far behind, which ends it as well."""
        behind = message is not None and self._queue.qsize() >= _WAITING
        self._queue.put_nowait(None if behind else message)
        return not behind

    def __aiter__(self) -> Listener:
        """Itself."""
        return self

    async def __anext__(self) -> Message:
        """What comes. Overloaded for who does not take it as fast as it comes, and when the server ends."""
        if (message := await self._queue.get()) is None:
            raise Overloaded("More happened than could be told; look anew and listen again.")
        return message


class Live:
    """Passes messages on. Telling never waits and never fails."""

    def __init__(self, redis_url: str, metrics: Metrics) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._redis = Redis.from_url(redis_url, retry=Retry(NoBackoff(), 1)) if redis_url else None
        self._unsent: asyncio.Queue[Message] = asyncio.Queue(_UNSENT)
        self._metrics = metrics
        self._origin = uuid.uuid4().hex

    def tell_of(self, event: Event) -> None:
        """Tell of what happened to a media."""
        media = event.media
        self.tell(Change(event.type, media.id, media.team_id, media.test, event.at))

    def tell(self, message: Message) -> None:
        """Tell everybody who listens to its topic."""
        self._pass_on(message)
        if self._redis is None:
            return
        if self._unsent.full():
            self._unsent.get_nowait()
            self._metrics.live_dropped()
        self._unsent.put_nowait(message)

    def _pass_on(self, message: Message) -> None:
        for listener in tuple(self._listeners.get(message.topic, ())):
            if not listener.put(message):
                self._forget(message.topic, listener)

    def changes(self, team_id: int) -> AbstractContextManager[AsyncIterator[Change]]:
        """What happens to the team's media from now on, inside the context."""
        return self._listening(f"team/{team_id}")

    def progress(self, upload_id: uuid.UUID) -> AbstractContextManager[AsyncIterator[Progress]]:
        """How far an upload is from now on, inside the context."""
        return self._listening(f"upload/{upload_id}")

    @contextlib.contextmanager
    def _listening(self, topic: str) -> Iterator[Any]:
        listener = Listener()
        self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            self._forget(topic, listener)

    def _forget(self, topic: str, listener: Listener) -> None:
        listeners = self._listeners.get(topic, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(topic, None)

    # --- between processes

    async def run(self) -> None:
        """Tell other processes and hear them, for ever; Redis being away only keeps processes apart."""
        if self._redis is not None:
            await asyncio.gather(self._speak(self._redis), self._hear(self._redis))

    async def _speak(self, redis: Redis) -> None:
        """Publish what was told, one message at a time: of what Redis does not take the oldest is dropped."""
        pause = _RETRY_SECONDS
        while True:
            message = await self._unsent.get()
            said = {"from": self._origin, "kind": type(message).__name__, "message": message}
            try:
                async with asyncio.timeout(_REDIS_SECONDS):
                    await redis.publish(_CHANNEL + message.topic, orjson.dumps(said))
                pause = _RETRY_SECONDS
            except (RedisError, OSError, TimeoutError) as error:
                self._metrics.live_dropped()
                pause = await _pause("live_not_shared", error, pause)

    async def _hear(self, redis: Redis) -> None:
        """Pass on what other processes tell."""
        pause = _RETRY_SECONDS
        while True:
            try:
                async with redis.pubsub() as channel:
                    async with asyncio.timeout(_REDIS_SECONDS):
                        await channel.psubscribe(f"{_CHANNEL}*")
                    while True:
                        said = await _next(channel)
                        pause = _RETRY_SECONDS
                        if said["type"] == "pmessage":
                            self._take(said["channel"].decode(errors="replace").removeprefix(_CHANNEL), said["data"])
            except (RedisError, OSError, TimeoutError) as error:
                pause = await _pause("live_alone", error, pause)

    def _take(self, topic: str, data: bytes) -> None:
        if topic in self._listeners and (message := self._parse(data)) is not None:
            self._pass_on(message)

    def _parse(self, data: bytes) -> Message | None:
        """The message of another process; None for our own, and for what is none."""
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
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
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.put(None)
        self._listeners.clear()

    async def close(self) -> None:
        """Let go the connections to Redis."""
        self.end()
        if self._redis is not None:
            await self._redis.aclose()


async def _next(channel: PubSub) -> Any:
    """What Redis says next. TimeoutError where it does not even say that it is there."""
    if (said := await channel.get_message(timeout=_SILENCE_SECONDS)) is None:
        await channel.ping()
        if (said := await channel.get_message(timeout=_SILENCE_SECONDS)) is None:
            raise TimeoutError
    return said


async def _pause(what: str, error: Exception, seconds: float) -> float:
    """Wait before the next attempt; returns how long to wait before the one after that."""
    # (The error's kind alone: its text may have the address, and with it the password.)
    log.warning(what, error=type(error).__name__, again_in=seconds)
    await asyncio.sleep(seconds)
    return min(seconds * 2, _MAX_RETRY_SECONDS)
