"""The schema: as two linters want it, and without a change that breaks clients of the last release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import build_schema
from graphql.utilities import find_breaking_changes

from schema.build import sdl
from tests.conformance.conftest import Node

RELEASED = Path(__file__).parents[2] / "schema" / "released.graphql"

# What breaks since the last release, as `find_breaking_changes` words it, and why that is right. Empty at a release.
ALLOWED: dict[str, str] = {}

# Not those that want everything in the order of the alphabet: what belongs together stands together here.
RULES = (
    "arguments-have-descriptions",
    "defined-types-are-used",
    "deprecations-have-a-reason",
    "descriptions-are-capitalized",
    "enum-values-all-caps",
    "enum-values-have-descriptions",
    "fields-are-camel-cased",
    "fields-have-descriptions",
    "input-object-values-are-camel-cased",
    "input-object-values-have-descriptions",
    "relay-connection-arguments-spec",
    "relay-connection-types-spec",
    "relay-page-info-spec",
    "types-are-capitalized",
    "types-have-descriptions",
)


async def test_graphql_eslint_finds_nothing(generated: Path, node: Node) -> None:
    assert await node("node_modules/eslint/bin/eslint.js", "generated/schema.graphql") == (0, "")


async def test_graphql_schema_linter_finds_nothing(generated: Path, node: Node) -> None:
    linter = "node_modules/graphql-schema-linter/lib/cli.js"
    code, output = await node(linter, "--rules", ",".join(RULES), "generated/schema.graphql")

    assert code == 0, output


async def test_the_linters_find_what_is_wrong(generated: Path, node: Node) -> None:
    path = generated / "schema.graphql"
    path.write_text(path.read_text() + "\ntype Odd_type { Name: String }\n")
    linted, found = await node("node_modules/eslint/bin/eslint.js", "generated/schema.graphql")
    checked, _ = await node("node_modules/graphql-schema-linter/lib/cli.js", "generated/schema.graphql")

    assert (linted, checked) == (1, 1)
    for rule in ("naming-convention", "require-description", "strict-id-in-types"):
        assert rule in found


def breaks(new: str) -> list[str]:
    changes = find_breaking_changes(build_schema(RELEASED.read_text()), build_schema(new))
    return sorted(change.description for change in changes)


def test_nothing_breaks_the_clients_of_the_last_release() -> None:
    assert breaks(sdl()) == sorted(ALLOWED), "take it back, or say in ALLOWED why it must be"


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("totalCount: Int!", ""),
        ("node: Media!", "node: Media"),
        ("by: MediaBy!", "by: MediaBy!, also: Int!"),
        ("SEPIA", ""),
    ],
)
def test_what_would_break_them_is_noticed(line: str, instead: str) -> None:
    bare = re.sub(r'\s*""".*?"""', "", RELEASED.read_text(), flags=re.DOTALL)

    assert bare.count(f" {line}\n") == 1
    assert len(breaks(bare.replace(f" {line}\n", f" {instead}\n"))) == 1
