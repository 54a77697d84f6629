"""What other processes tell by Redis, as far as this one can make sense of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphql_api.services.live import Live
from graphql_api.services.metrics import Metrics

CHANGE = {
    "type": "media.created",
    "media_id": "6f0d4c0e-6d0f-4b3a-9d43-3a9f1f6f0a11",
    "team_id": 1,
    "test": False,
    "at": "2026-11-28T12:00:00+00:00",
}


def parsed(message: Any) -> Any:
    return Live("", Metrics())._parse(json.dumps({"from": "another", "kind": "Change", "message": message}).encode())


def test_a_change_is_understood() -> None:
    assert str(parsed(CHANGE).media_id) == CHANGE["media_id"]


@pytest.mark.parametrize(
    "message", [None, 5, [], {}, CHANGE | {"media_id": 5}, CHANGE | {"at": 5}, CHANGE | {"type": "x"}]
)
def test_what_makes_no_sense_is_left_out(message: object) -> None:
    assert parsed(message) is None
