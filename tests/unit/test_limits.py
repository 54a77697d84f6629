"""Rate limits in this process: rates with a burst, guests, guessers of keys, bounded memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from graphql_api.domain.account import Principal, Team
from graphql_api.domain.key import ApiKey, Profile, Scope
from graphql_api.domain.plan import Plan
from graphql_api.errors import RateLimited
from graphql_api.services import counters
from graphql_api.services.counters import BoundedMemory, Counters, Rule, Windows
from graphql_api.services.limits import Allowance, Limits
from graphql_api.services.metrics import Metrics
from tests.plans import PLANS

pytestmark = pytest.mark.usefixtures("early_in_the_minute")

TEAM = Team(1, "first", "t")


class Clock:
    """The time of the library, which reads it through the module."""

    def __init__(self) -> None:
        self.now = 1_800_000_007.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    yield clock
    monkeypatch.undo()


def make_limits(scale: float = 1) -> Limits:
    metrics = Metrics()
    return Limits(scale, Counters("", metrics), metrics)


def keyed(profile: Profile = Profile.G4, team: Team = TEAM, plan: Plan = PLANS.standard) -> Principal:
    key = ApiKey(1, "key", profile, frozenset(Scope))
    return Principal(team=team, key=key, scopes=key.scopes, address="1.2.3.4", plan=plan)


def guest(address: str = "1.2.3.4") -> Principal:
    return Principal(address=address, plan=PLANS.anonymous)


async def granted(limits: Limits, principal: Principal, times: int) -> int:
    """How many of so many requests at once are let in."""
    asked = await asyncio.gather(*(limits.count_request(principal) for _ in range(times)))
    return sum(allowance is not None and allowance.granted for allowance in asked)


async def test_a_spike_may_take_the_burst_but_five_minutes_hold_five_times_the_rate(clock: Clock) -> None:
    limits, plan = make_limits(), Plan(max_file_bytes=1, requests_per_minute=100, burst=20)
    taken = []
    for _ in range(5):
        taken.append(await granted(limits, keyed(plan=plan), 150))
        clock.now += 60

    assert taken[0] == 120
    assert sum(taken) <= 500


async def test_after_a_while_there_is_room_again_and_never_before_retry_after(clock: Clock) -> None:
    limits, caller = make_limits(), keyed(plan=Plan(max_file_bytes=1, requests_per_minute=10))
    assert await granted(limits, caller, 15) == 10
    refused = await limits.count_request(caller)
    assert refused
    assert refused == Allowance(10, 0, refused.reset_seconds, 60, granted=False)
    assert 0 < refused.reset_seconds <= 60

    clock.now += refused.reset_seconds
    assert await granted(limits, caller, 1) == 1
    clock.now += 120
    assert await limits.count_request(caller) == Allowance(10, 9, 60, 60)


async def test_a_caller_is_told_of_the_limit_that_has_the_least_left(clock: Clock) -> None:
    limits, plan = make_limits(), Plan(max_file_bytes=1, requests_per_minute=10, burst=10)
    first = await limits.count_request(keyed(plan=plan))
    for _ in range(5):
        await granted(limits, keyed(plan=plan), 20)
        clock.now += 55
    later = await limits.count_request(keyed(plan=plan))

    assert first
    assert later
    assert (first.limit, first.remaining, first.window) == (20, 19, 60)
    assert (later.limit, later.window, later.granted) == (50, 300, False)


async def test_all_keys_of_a_team_share_its_rate_and_test_keys_have_their_own() -> None:
    limits, other = make_limits(), Team(2, "second", "u")

    assert await granted(limits, keyed(), 1300) == 1200
    assert await granted(limits, keyed(Profile.LIVE), 1) == 0
    assert await granted(limits, keyed(Profile.TEST, plan=PLANS.test), 70) == 60
    assert await granted(limits, keyed(team=other), 1) == 1


async def test_who_has_no_key_is_counted_by_its_network() -> None:
    limits = make_limits()
    assert await granted(limits, guest("2001:db8::1"), 301) == 300

    assert await granted(limits, guest("2001:db8::ffff"), 1) == 0
    assert await granted(limits, guest("2001:db8:0:1::1"), 1) == 1


async def test_a_scale_multiplies_and_zero_switches_off() -> None:
    assert await granted(make_limits(0.1), guest(), 40) == 30
    assert await granted(make_limits(0.00001), guest(), 40) == 1
    off = make_limits(0)
    assert await off.count_request(keyed()) is None
    assert await off.count_failure("wrong", "1.2.3.4") is None
    assert await off.uploads_left(guest()) == ()
    for _ in range(50):
        await off.count_upload(guest())


async def test_guests_have_an_hour_and_a_day(clock: Clock) -> None:
    limits, caller = make_limits(), guest()
    for hour in range(5):
        for _ in range(20):
            await limits.check_upload(caller)
            await limits.count_upload(caller)
        assert [allowance.remaining for allowance in await limits.uploads_left(caller)] == [0, 80 - hour * 20]
        with pytest.raises(RateLimited, match=r"per (hour|day) without") as refused:
            await limits.check_upload(caller)
        assert refused.value.retry_after
        clock.now += 3601

    with pytest.raises(RateLimited, match="No more than 100 uploads per day without an API key") as refused:
        await limits.count_upload(caller)
    assert refused.value.retry_after
    clock.now += refused.value.retry_after + 1
    await limits.count_upload(caller)


async def test_uploads_at_the_same_time_never_pass_the_limit() -> None:
    limits, caller = make_limits(), guest()
    asked = await asyncio.gather(*(limits.count_upload(caller) for _ in range(50)), return_exceptions=True)

    assert sum(answer is None for answer in asked) == 20


async def test_who_tries_keys_is_stopped_but_no_neighbour_with_a_good_one() -> None:
    limits = make_limits()
    limits.remember("good")
    for _ in range(30):
        assert await limits.check_authentication("wrong", "1.2.3.4") is None
        await limits.count_failure("wrong", "1.2.3.4")

    refused = await limits.check_authentication("another", "1.2.3.4")
    assert refused
    assert refused.reset_seconds > 0
    assert await limits.check_authentication("good", "1.2.3.4") is None
    assert await limits.check_authentication("another", "1.2.3.5") is None
    await limits.count_failure("good", "1.2.3.4")  # revoked meanwhile: as bad as any
    assert await limits.check_authentication("good", "1.2.3.4")


async def test_attempts_are_counted_by_kind_and_by_account_or_network() -> None:
    limits = make_limits()
    for subject in ("ann@example.com", "2001:db8::1"):
        for _ in range(30):
            await limits.count_attempt("sign-in", subject)
        with pytest.raises(RateLimited) as refused:
            await limits.count_attempt("sign-in", subject)
        assert refused.value.retry_after
        await limits.count_attempt("sign-up", subject)
    with pytest.raises(RateLimited):
        await limits.count_attempt("sign-in", "2001:db8::2")
    await limits.count_attempt("sign-in", "bob@example.com")


async def test_memory_is_bounded_and_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "_MAX_KEYS", 100)
    memory = BoundedMemory()
    windows = Windows(memory)
    for rule in (Rule(1, 60), Rule(1, 60, exact=True)):
        for number in range(1000):
            assert await windows.hit(rule, str(number))
        assert not await windows.hit(rule, "999")

    assert max(len(memory.storage), len(memory.expirations), len(memory.events)) <= 100
    assert memory.locks == {}
    assert memory.timer is None


async def test_proven_keys_are_bounded() -> None:
    limits = make_limits()
    for number in range(5000):
        limits.remember(str(number))

    assert len(limits._proven) == 4096
