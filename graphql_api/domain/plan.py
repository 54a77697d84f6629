"""The limits that a caller is under: plans, which are data (plans.toml), and what is left of them.

Sources: the tiers of the seeds 001 and 002; contracts/imgpro.md 1.2 and 1.8.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graphql_api.domain.duration import parse_duration

MIB = 1024 * 1024

_SIZE = re.compile(r"([0-9]{1,9})(KiB|MiB|GiB|TiB)")
_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_NAME = re.compile(r"[a-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Independent limits; None means that there is none. `offered` plans are on the page that a full quota leads to."""

    max_file_bytes: int
    name: str = ""
    title: str = ""
    price: str | None = None
    offered: bool = False
    retention: dt.timedelta | None = None
    uploads_per_month: int | None = None
    storage_bytes: int | None = None
    images: int | None = None
    uploads_per_hour: int | None = None
    uploads_per_day: int | None = None
    requests_per_minute: int | None = None
    burst: int = 0  # so many more in one minute; not in five
    cost_per_minute: int | None = None  # of GraphQL documents


OPERATORS_PLAN = "unlimited"  # of teams that the operator makes for themselves, where there is such a plan
MIRROR = Plan(max_file_bytes=70 * MIB, retention=dt.timedelta(days=1))  # what is fetched for `/cdn-cgi/image/`


@dataclass(frozen=True, slots=True)
class Plans:
    """All plans by name, in the order of their file. `standard` is that of new teams."""

    by_name: Mapping[str, Plan]
    standard: Plan

    @property
    def anonymous(self) -> Plan:
        """For who has no account."""
        return self.by_name["anonymous"]

    @property
    def test(self) -> Plan:
        """For test keys, whatever the plan of their team."""
        return self.by_name["test"]

    def of(self, name: str) -> Plan:
        """The plan of this name; the standard one for a team whose plan is no longer there."""
        return self.by_name.get(name, self.standard)

    def __iter__(self) -> Iterator[Plan]:
        return iter(self.by_name.values())

    def offered(self) -> list[Plan]:
        """Those that people may choose."""
        return [plan for plan in self if plan.offered]

    def above(self, plan: Plan) -> Plan | None:
        """The next larger one that people may choose: the first that stands after this one."""
        names = list(self.by_name)
        later = names[names.index(plan.name) + 1 :] if plan.name in names else []
        return next((self.by_name[name] for name in later if self.by_name[name].offered), None)


def parse_plans(text: str, standard: str) -> Plans:
    """The plans of a TOML file. ValueError names the plan and the line that is not usable."""
    plans = {}
    for name, table in tomllib.loads(text).items():
        if not _NAME.fullmatch(name) or not isinstance(table, dict):
            raise ValueError(f"[{name}] is not a plan: its name has 1 to 32 of a-z, 0-9, `_` and `-`")
        plans[name] = _parse_plan(name, table)
    for required in ("anonymous", "test", standard):
        if required not in plans:
            raise ValueError(f"there is no plan [{required}]")
    return Plans(plans, plans[standard])


def _parse_plan(name: str, table: Mapping[str, object]) -> Plan:
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in _FIELDS:
            raise ValueError(f"[{name}] has an unknown line: {key}")
        field, parse = _FIELDS[key]
        try:
            values[field] = parse(value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"[{name}] {key}: {error}") from error
    if "max_file_bytes" not in values:
        raise ValueError(f"[{name}] needs max_file")
    return Plan(name=name, **{"title": name.capitalize(), **values})  # type: ignore[arg-type]


def _size(value: object) -> int:
    if not isinstance(value, str) or (found := _SIZE.fullmatch(value)) is None:
        raise ValueError("must be a size like 70MiB")
    return int(found[1]) * _UNITS[found[2]]


def _time(value: object) -> dt.timedelta:
    return parse_duration(_text(value))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("must be a whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text")
    return value


def _flag(value: object) -> bool:
    if value not in (True, False):
        raise ValueError("must be true or false")
    return bool(value)


_FIELDS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "title": ("title", _text),
    "price": ("price", _text),
    "offered": ("offered", _flag),
    "max_file": ("max_file_bytes", _size),
    "retention": ("retention", _time),
    "uploads_per_month": ("uploads_per_month", _count),
    "storage": ("storage_bytes", _size),
    "images": ("images", _count),
    "uploads_per_hour": ("uploads_per_hour", _count),
    "uploads_per_day": ("uploads_per_day", _count),
    "requests_per_minute": ("requests_per_minute", _count),
    "burst": ("burst", _count),
    "cost_per_minute": ("cost_per_minute", _count),
}


def end_of(plan: Plan, now: dt.datetime, made: dt.datetime, ttl: dt.timedelta | None) -> dt.datetime | None:
    """When a media is gone: after its time to live, or when the plan keeps it no longer; None for never."""
    ends = [now + ttl] if ttl is not None else []
    if plan.retention is not None:
        ends.append(made + plan.retention)
    return min(ends, default=None)
