"""Rate limits: how often a team, an address and a guesser of keys may come, what may be asked, what a guest uploads."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from graphql_api.domain.account import Principal
from graphql_api.domain.address import customer
from graphql_api.domain.plan import Plan
from graphql_api.errors import RateLimited
from graphql_api.services.counters import Counters, Rule, Windows
from graphql_api.services.metrics import Metrics

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LONG = 5  # minutes, in which a burst has to even out
_NAMES = {_MINUTE: "minute", _LONG * _MINUTE: f"{_LONG} minutes", _HOUR: "hour", _DAY: "day"}
_FAILURES = 30  # in a minute, by one address: who tries keys out gets no further
_ATTEMPTS, _ATTEMPT_SECONDS = 30, 900  # of one kind, by one address or at one account
_MAX_PROVEN = 4096  # keys

WITHOUT_KEY = " without an API key"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How one limit stands after it was asked; `limit` in `window` seconds, room for more in `reset_seconds`."""

    limit: int
    remaining: int
    reset_seconds: int
    window: int
    granted: bool = True

    def refusal(self, what: str, whose: str = "") -> RateLimited:
        """The refusal in words."""
        message = f"No more than {self.limit} {what} per {_NAMES[self.window]}{whose}."
        return RateLimited(message, self.reset_seconds)


class Limits:
    """`scale` multiplies every limit; 0 switches them off."""

    def __init__(self, scale: float, counters: Counters, metrics: Metrics, streams: int = 20) -> None:
        self._scale = scale
        self._counters = counters
        self._metrics = metrics
        self._proven: dict[bytes, None] = {}
        self._streams = streams
        self._open: Counter[str] = Counter()  # streams by caller

    # --- requests

    async def count_request(self, principal: Principal) -> Allowance | None:
        """Count a request of this caller, for its team or its address; None where nothing limits it."""
        rules = self._request_rules(principal.plan)
        if not rules:
            return None
        kind, who = _whose(principal)
        allowance = await self._counters.ask(lambda windows: _take(windows, rules, f"{kind}/{who}"))
        if not allowance.granted:
            self._metrics.limited(kind)
        return allowance

    def _request_rules(self, plan: Plan) -> Sequence[Rule]:
        if (amount := self._scaled(plan.requests_per_minute)) is None:
            return ()
        if (burst := self._scaled(plan.burst or None)) is None:
            return (Rule(amount, _MINUTE),)
        return Rule(amount + burst, _MINUTE), Rule(amount * _LONG, _LONG * _MINUTE)

    async def count_cost(self, principal: Principal, cost: int) -> Allowance | None:
        """Count what a GraphQL document costs, for the caller's team or address; None where nothing limits it.

        RateLimited, and nothing is counted, where the minute has no room for it.
        """
        amount = self._scaled(principal.plan.cost_per_minute)
        if amount is None:
            return None
        rule, (kind, who) = Rule(amount, _MINUTE), _whose(principal)
        allowance = await self._counters.ask(lambda windows: _spend(windows, rule, f"cost/{kind}/{who}", cost))
        if not allowance.granted:
            self._metrics.limited("cost")
            raise allowance.refusal("points of cost", WITHOUT_KEY if principal.team is None else "")
        return allowance

    # --- streams

    @contextmanager
    def stream(self, principal: Principal) -> Iterator[None]:
        """A place among those streams of this caller that are open in this process, for as long. RateLimited."""
        who = _listener(principal)
        if self._open[who] >= self._streams:
            self._metrics.limited("streams")
            raise RateLimited(f"No more than {self._streams} streams at a time.")
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

    # --- keys that are no good

    async def check_authentication(self, secret: str, address: str) -> Allowance | None:
        """The limit that keeps this address from trying this key; None where nothing does.

        A key that was good before may always be tried: no neighbour behind the same address can lock its owner out.
        """
        rule = self._authentication_rule()
        if rule is None or _fingerprint(secret) in self._proven:
            return None
        allowance = await self._counters.ask(lambda windows: _look(windows, rule, _guesser(address)))
        if allowance.remaining:
            return None
        self._metrics.limited("authentication")
        return allowance

    async def count_failure(self, secret: str | None, address: str) -> Allowance | None:
        """Count a credential that was no good."""
        if secret is not None:
            self._proven.pop(_fingerprint(secret), None)
        if (rule := self._authentication_rule()) is None:
            return None
        return await self._counters.ask(lambda windows: _take(windows, (rule,), _guesser(address)))

    def remember(self, secret: str) -> None:
        """This key is good."""
        fingerprint = _fingerprint(secret)
        if fingerprint in self._proven:
            return
        if len(self._proven) >= _MAX_PROVEN:
            del self._proven[next(iter(self._proven))]
        self._proven[fingerprint] = None

    async def count_attempt(self, kind: str, subject: str) -> None:
        """Count an attempt at something that may be guessed or spammed, by address or account. RateLimited."""
        amount = self._scaled(_ATTEMPTS)
        if amount is None or not subject:
            return
        # A digest: an account is named by an e-mail address, which need not stand in Redis.
        rule, who = Rule(amount, _ATTEMPT_SECONDS), f"{kind}/{_fingerprint(customer(subject)).hex()}"
        allowance = await self._counters.ask(lambda windows: _take(windows, (rule,), who))
        if not allowance.granted:
            self._metrics.limited("attempt")
            raise RateLimited("Too many attempts.", allowance.reset_seconds)

    def _authentication_rule(self) -> Rule | None:
        amount = self._scaled(_FAILURES)
        return None if amount is None else Rule(amount, _MINUTE)

    # --- uploads

    async def count_upload(self, principal: Principal) -> None:
        """Count an upload of this caller. RateLimited when its plan has no more."""
        rules, who = self._upload_rules(principal.plan), _uploader(principal)
        if rules:
            allowance = await self._counters.ask(lambda windows: _take(windows, rules, who))
            if not allowance.granted:
                raise self._refused(allowance, principal)

    async def check_upload(self, principal: Principal) -> None:
        """As `count_upload`, but count nothing yet."""
        for allowance in await self.uploads_left(principal):
            if not allowance.remaining:
                raise self._refused(allowance, principal)

    async def uploads_left(self, principal: Principal) -> Sequence[Allowance]:
        """How the limits of this caller's uploads stand: that of an hour, that of a day."""
        rules, who = self._upload_rules(principal.plan), _uploader(principal)
        if not rules:
            return ()
        return await self._counters.ask(lambda windows: _look_at_all(windows, rules, who))

    def _refused(self, allowance: Allowance, principal: Principal) -> RateLimited:
        self._metrics.limited("upload")
        return allowance.refusal("uploads", WITHOUT_KEY if principal.is_guest else "")

    def _upload_rules(self, plan: Plan) -> Sequence[Rule]:
        limits = ((self._scaled(plan.uploads_per_hour), _HOUR), (self._scaled(plan.uploads_per_day), _DAY))
        return [Rule(amount, seconds, exact=True) for amount, seconds in limits if amount is not None]

    def _scaled(self, amount: int | None) -> int | None:
        return max(1, round(amount * self._scale)) if amount is not None and self._scale else None


async def _take(windows: Windows, rules: Sequence[Rule], who: str) -> Allowance:
    """Count one under each rule: the one that refuses, or the one with the least left."""
    for rule in rules:
        if not await windows.hit(rule, who):
            return await _look(windows, rule, who, granted=False)
    return min(await _look_at_all(windows, rules, who), key=lambda allowance: allowance.remaining)


async def _spend(windows: Windows, rule: Rule, who: str, weight: int) -> Allowance:
    granted = weight == 0 or await windows.hit(rule, who, weight)
    state = await windows.state(rule, who)
    return Allowance(rule.amount, state.remaining, state.reset_seconds, rule.seconds, granted)


async def _look_at_all(windows: Windows, rules: Sequence[Rule], who: str) -> Sequence[Allowance]:
    return [await _look(windows, rule, who) for rule in rules]


async def _look(windows: Windows, rule: Rule, who: str, *, granted: bool = True) -> Allowance:
    state = await windows.state(rule, who)
    return Allowance(rule.amount, state.remaining if granted else 0, state.reset_seconds, rule.seconds, granted)


def _whose(principal: Principal) -> tuple[str, str]:
    """What kind of caller a request is counted for, and which; test keys of a team apart from its others."""
    if principal.team is None:
        return "address", customer(principal.address)
    return "team", f"{principal.team.id}/{principal.plan.requests_per_minute}"


def _listener(principal: Principal) -> str:
    if principal.key is not None:
        return f"key/{principal.key.id}"
    return f"user/{principal.user.id}" if principal.user is not None else f"address/{customer(principal.address)}"


def _guesser(address: str) -> str:
    return f"authentication/{customer(address)}"


def _uploader(principal: Principal) -> str:
    who = customer(principal.address) if principal.is_guest or principal.team is None else f"team-{principal.team.id}"
    return f"upload/{who}"


def _fingerprint(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
