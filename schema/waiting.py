"""How long an operation may take, and how it waits for what may come late, or never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from graphql_api.domain.account import Principal
from graphql_api.errors import Unauthenticated

_CHECK_SECONDS = 60.0  # how often it is seen to that who listens may still do so

MessageT = TypeVar("MessageT")


class TimeLimit:
    """What one step of an operation may take: all of a plain one, an event of a subscription, a part of an answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._step: asyncio.Timeout | None = None

    def step(self, until: float | None = None) -> asyncio.Timeout:
        """A context for one step, until a time of the loop's clock if that is given. TimeoutError when it is over."""
        self._step = asyncio.timeout_at(self._end() if until is None else until)
        return self._step

    def lift(self) -> None:
        """Let the step take as long as it will."""
        self._set(None)

    def restart(self) -> None:
        """Let the step take as much as a new one."""
        self._set(self._end())

    def _end(self) -> float:
        return asyncio.get_running_loop().time() + self._seconds

    def _set(self, at: float | None) -> None:
        if self._step is not None and not self._step.expired():
            self._step.reschedule(at)


class Heard(Generic[MessageT]):
    """Messages, as a subscription hears them: it has time for that, and is asked now and then whether it still may."""

    def __init__(
        self,
        messages: AsyncIterator[MessageT],
        limit: TimeLimit,
        principal: Principal,
        again: Callable[[], Awaitable[Principal]],
    ) -> None:
        self._messages = messages
        self._limit = limit
        self._principal = principal
        self._again = again
        self._check_at = asyncio.get_running_loop().time() + _CHECK_SECONDS

    def __aiter__(self) -> Heard[MessageT]:
        """Itself."""
        return self

    async def __anext__(self) -> MessageT:
        """The next message. Unauthenticated once the key or the sign-in has ended, or the team is another."""
        while True:
            if asyncio.get_running_loop().time() >= self._check_at:
                await self._check()
            self._limit.lift()
            try:
                async with asyncio.timeout_at(self._check_at):
                    return await anext(self._messages)
            except TimeoutError:
                pass
            finally:
                self._limit.restart()

    async def _check(self) -> None:
        now = await self._again()
        if (now.team and now.team.id, now.user and now.user.id) != (
            self._principal.team and self._principal.team.id,
            self._principal.user and self._principal.user.id,
        ):
            raise Unauthenticated("Your access has ended.")
        self._check_at = asyncio.get_running_loop().time() + _CHECK_SECONDS
