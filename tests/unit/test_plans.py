"""Plans are data: the file that comes with Tintype, and what is refused in others. What is left of them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.duration import parse_ttl
from graphql_api.domain.plan import MIB, Plan, parse_plans
from graphql_api.domain.usage import Quota, Usage, month_of, next_month
from graphql_api.errors import InvalidInput
from tests.plans import OURS

LEAST = '[anonymous]\nmax_file = "1MiB"\n[test]\nmax_file = "1MiB"\n[free]\nmax_file = "1MiB"\n'
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
_FIRST, _LAST = dt.datetime(2000, 1, 1), dt.datetime(2999, 1, 1)  # noqa: DTZ001  hypothesis adds the zone


def test_the_plans_of_the_seed_are_the_default() -> None:
    plans = parse_plans(OURS, "free")
    known = {name: (plans.of(name).uploads_per_month, plans.of(name).storage_bytes) for name in plans.by_name}

    assert known == {
        "anonymous": (None, None),
        "test": (None, None),
        "free": (100, 5 * 1024 * MIB),
        "pro": (1000, 50 * 1024 * MIB),
        "scale": (10_000, 500 * 1024 * MIB),
        "max": (100_000, 5 * 1024 * 1024 * MIB),
        "unlimited": (None, None),
    }
    assert plans.anonymous.max_file_bytes == 20 * MIB
    assert plans.anonymous.retention == dt.timedelta(days=30)
    assert plans.test.retention == dt.timedelta(days=90)
    assert {plan.max_file_bytes for plan in plans.offered()} == {70 * MIB}
    assert [plan.price for plan in plans.offered()] == ["Free", "$19 a month", "$49 a month", "$199 a month"]


def test_the_next_larger_plan_is_the_next_that_is_offered() -> None:
    plans = parse_plans(OURS, "free")
    above = {name: larger.name if (larger := plans.above(plans.of(name))) else None for name in plans.by_name}

    assert above == {
        "anonymous": "free",
        "test": "free",
        "free": "pro",
        "pro": "scale",
        "scale": "max",
        "max": None,
        "unlimited": None,
    }


def test_a_plan_that_is_no_longer_there_is_the_standard_one() -> None:
    plans = parse_plans(OURS, "pro")

    assert plans.of("gone").name == plans.of("").name == "pro"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "anonymous"),
        ("[anonymous", "Expected"),
        (LEAST.replace("free", "paid"), r"\[free\]"),
        (LEAST + "[Big]\n", r"\[Big\]"),
        (LEAST + "[a]\n", "max_file"),
        (LEAST + "uploads = 3\n", "unknown line: uploads"),
        (LEAST + "uploads_per_month = -1\n", "uploads_per_month: must be a whole number"),
        (LEAST + "uploads_per_month = true\n", "whole number"),
        (LEAST + 'uploads_per_month = "3"\n', "whole number"),
        (LEAST + 'storage = "5 GB"\n', "size like 70MiB"),
        (LEAST + "storage = 5\n", "size like 70MiB"),
        (LEAST + 'retention = "soon"\n', "retention"),
        (LEAST + "offered = 1.5\n", "true or false"),
        (LEAST + 'title = ""\n', "must be a text"),
        ("free = 3\n", "not a plan"),
    ],
)
def test_a_line_that_is_wrong_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_plans(text, "free")


def _quota(plan: Plan, *, uploads: int = 0, images: int = 0, size: int = 0) -> Quota:
    return Quota(plan, Usage("2026-11", uploads, images, size), next_month(NOW))


def test_each_limit_is_its_own() -> None:
    plan = Plan(max_file_bytes=1, uploads_per_month=3, images=5, storage_bytes=100)

    assert _quota(plan, uploads=2, images=4, size=90).refusal(10) is None
    assert "3 uploads" in (_quota(plan, uploads=3).refusal(1) or "")
    assert "5 images" in (_quota(plan, images=5).refusal(1) or "")
    assert "100 bytes" in (_quota(plan, size=90).refusal(11) or "")
    assert _quota(Plan(max_file_bytes=1), uploads=10**9, images=10**9, size=10**15).refusal(10**9) is None


@given(st.datetimes(_FIRST, _LAST, timezones=st.timezones()))
def test_a_month_ends_when_the_next_begins(moment: dt.datetime) -> None:
    end = next_month(moment)

    assert month_of(end) > month_of(moment)
    assert month_of(end - dt.timedelta(microseconds=1)) == month_of(moment)


def test_a_new_month_begins_with_no_uploads() -> None:
    used = Usage("2026-11", 7, 2, 30)

    assert used.in_month("2026-12") == Usage("2026-12", 0, 2, 30)
    assert used.in_month("2026-11") == used
    assert used.in_month("2026-10") == used  # a clock that is behind starts nothing again


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("2h", 7200), ("7d", 604_800), ("90d", 7_776_000), ("300", 300), (300, 300), (" 6m ", 360)],
)
def test_times_to_live(text: str | int, seconds: int) -> None:
    assert parse_ttl(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text",
    ["", "4m", "299", 299, "91d", "7776001", "-5m", "5 m", "5w", "1.5h", "9" * 30, "\N{ARABIC-INDIC DIGIT FIVE}m", "d"],
)
def test_what_is_no_time_to_live(text: str | int) -> None:
    with pytest.raises(InvalidInput, match="'ttl' must be"):
        parse_ttl(text)
