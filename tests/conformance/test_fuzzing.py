"""Documents that Schemathesis makes up, of every query and mutation: none breaks the server or shows its inside."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes

from graphql_api.imaging.pool import ImagingPool
from schema.build import sdl
from tests import pictures
from tests.conftest import make_settings, run_app

EXAMPLES = 12  # of each query and mutation

# Words of Python, of libraries and of databases: what a traceback or a message that was passed on would have.
INSIDE = re.compile(
    r"Traceback|\wError\b|Exception|\.py\b|tortoise|sqlite|asyncpg|libvips|strawberry|NoneType|object at 0x",
    re.IGNORECASE,
)

COLORS = st.sampled_from(["red", "#12345678", "rgb(1 2 3)", "", "url(x)"])
DURATIONS = st.sampled_from(["5m", "90d", "7", "-1d", "", "99999999999d"])

schemathesis.graphql.scalar("BigInt", st.integers(-(2**60), 2**60).map(nodes.Int))
schemathesis.graphql.scalar("Color", COLORS.map(nodes.String))
schemathesis.graphql.scalar("Duration", DURATIONS.map(nodes.String))
schemathesis.graphql.scalar("Upload", st.text(max_size=9).map(nodes.String))


async def test_no_document_breaks_the_server(tmp_path: Path, imaging: ImagingPool) -> None:
    rules = make_settings(tmp_path, rate_limit_scale=0, import_seconds=1)
    async with run_app(rules, imaging) as client:
        await client.uploaded(pictures.png())
        asked = await asyncio.to_thread(fuzz, f"{client.url}/graphql", client.keys["first"])

    assert len(asked) > 50
    assert min(asked.values()) > 0


def fuzz(url: str, key: str) -> dict[str, int]:
    """How many documents of each operation were sent."""
    schema = schemathesis.graphql.from_file(sdl())
    schema.config.update(base_url=url)
    asked: dict[str, int] = {}

    def run(operation: Any) -> None:
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            response = case.call(headers={"Authorization": f"Bearer {key}"})
            asked[operation.label] = asked.get(operation.label, 0) + 1
            check(response.status_code, response.json(), case.body)

        send()

    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        run(result.ok())
    return asked


def check(status: int, answer: Any, document: str) -> None:
    """No 5xx, codes of ours, nothing of the inside."""
    assert status < 500, document
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", document
        assert not INSIDE.search(error["message"]), (error["message"], document)


@pytest.mark.parametrize("message", ['  File "schema/media.py", line 3', "'NoneType' object has no attribute 'id'"])
def test_what_would_show_the_inside_is_noticed(message: str) -> None:
    with pytest.raises(AssertionError):
        check(200, {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}, "")
