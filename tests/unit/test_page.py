"""Cursors and page requests."""

import base64
import datetime as dt
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.page import Cursor, PageRequest, parse_cursor
from graphql_api.errors import InvalidInput


@given(st.datetimes(timezones=st.just(dt.UTC)), st.uuids())
def test_a_cursor_survives_its_text(moment: dt.datetime, row: uuid.UUID) -> None:
    cursor = Cursor(moment, row)

    assert parse_cursor("after", cursor.format()) == cursor


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zzz",
        "💥",
        "A" * 5000,
        _packed(5),
        _packed([]),
        _packed(["2026-01-01T00:00:00+00:00"]),
        _packed(["yesterday", "0" * 32]),
        _packed(["2026-01-01T00:00:00+00:00", 7]),
        _packed([7, "0" * 32]),
        _packed(["0001-01-01T00:00:00+14:00", "0" * 32]),
        _packed({"a": 1, "b": 2}),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_what_is_no_cursor_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="'before' is not a cursor") as caught:
        parse_cursor("before", text)

    assert caught.value.field == "before"


@given(st.text())
def test_no_text_breaks_the_cursor_parser(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_cursor("after", text)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"first": -1}, "first"), ({"first": 101}, "first"), ({"last": 101}, "last"), ({"first": 1, "last": 1}, "last")],
)
def test_impossible_pages_are_refused_by_name(arguments: dict[str, int], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        PageRequest(**arguments)  # type: ignore[arg-type]

    assert caught.value.field == field


def test_a_page_has_50_items_unless_told() -> None:
    assert PageRequest().size == 50
    assert PageRequest(first=0).size == 0
    assert PageRequest(last=7).size == 7
