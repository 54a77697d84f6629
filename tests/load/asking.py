"""Clients that ask for renditions nobody has asked for before: each takes the next one as soon as it has its answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp

from tests.load.figures import Tally

_COMPLAINT = 600  # characters of a bad answer that are told
_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Question:
    """A rendition: where it is, and what a good answer calls itself."""

    url: str
    content_type: str


@dataclass(slots=True)
class _Answers:
    latencies: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class BadAnswer(Exception):
    """What a server said instead of the rendition."""


def ask_all(questions: Iterator[Question], clients: int, seconds: float = math.inf) -> Tally:
    """Ask until there is nothing left to ask or the time is up; what is under way then is waited for, and counts."""
    return asyncio.run(_ask_all(questions, clients, seconds))


async def _ask_all(questions: Iterator[Question], clients: int, seconds: float) -> Tally:
    answers = _Answers()
    started, cpu = time.perf_counter(), time.process_time()
    deadline = started + seconds
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        await asyncio.gather(*(_ask(session, questions, deadline, answers) for _ in range(clients)))
    return Tally(
        seconds=time.perf_counter() - started,
        latencies=answers.latencies,
        errors=len(answers.complaints),
        client_cpu=time.process_time() - cpu,
        complaint=next(iter(answers.complaints), ""),
    )


async def _ask(
    session: aiohttp.ClientSession, questions: Iterator[Question], deadline: float, answers: _Answers
) -> None:
    """One client."""
    # The clock comes first: a question that is taken and not asked would be lost.
    while time.perf_counter() < deadline and (question := next(questions, None)):
        started = time.perf_counter()
        try:
            await _fetch(session, question)
        except BadAnswer as error:
            answers.complaints.append(str(error))
        else:
            answers.latencies.append(time.perf_counter() - started)


async def _fetch(session: aiohttp.ClientSession, question: Question) -> bytes:
    try:
        async with session.get(question.url) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise BadAnswer(repr(error)) from error
    if response.status == 200 and body and response.content_type == question.content_type:
        return body
    raise BadAnswer(f"{response.status}: {body[:_COMPLAINT].decode(errors='replace')}")


def fetch_all(questions: list[Question]) -> list[bytes]:
    """The renditions themselves, asked for at once. BadAnswer."""
    return asyncio.run(_fetch_all(questions))


async def _fetch_all(questions: list[Question]) -> list[bytes]:
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        return await asyncio.gather(*(_fetch(session, question) for question in questions))
