"""How long media live: `5m`, `2h`, `7d`, or seconds (contracts/imgpro.md 1.2)."""

from __future__ import annotations

import datetime as dt
import re

from graphql_api.errors import InvalidInput

_UNITS = {"m": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1), "d": dt.timedelta(days=1)}
_WORD = re.compile(r"([0-9]{1,9})([mhd]?)", re.ASCII)
SHORTEST = dt.timedelta(minutes=5)
LONGEST = dt.timedelta(days=90)


def parse_duration(text: str) -> dt.timedelta:
    """The time that `90m`, `2h`, `7d` or a number of seconds says. ValueError."""
    if (found := _WORD.fullmatch(text.strip())) is None:
        raise ValueError("must be a number with a unit (m, h or d), or a number of seconds")
    number, unit = int(found[1]), found[2]
    return number * _UNITS[unit] if unit else dt.timedelta(seconds=number)


def parse_ttl(value: str | int) -> dt.timedelta:
    """How long a media shall live, 5 minutes to 90 days. InvalidInput."""
    try:
        ttl = parse_duration(str(value))
    except (ValueError, OverflowError) as error:
        raise InvalidInput("ttl", "'ttl' must be like 5m, 2h or 7d, or a number of seconds.") from error
    if not SHORTEST <= ttl <= LONGEST:
        raise InvalidInput("ttl", "'ttl' must be between 5 minutes (300 seconds) and 90 days.")
    return ttl


def check_ttl(ttl: dt.timedelta) -> dt.timedelta:
    """The same limits for a time that was never a text. InvalidInput."""
    return parse_ttl(int(ttl.total_seconds()))
