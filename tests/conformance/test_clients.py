"""The operations that the documents show: typed for a front end, and run against a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import pictures
from tests.client import Client
from tests.conformance.conftest import Node
from tests.guide import OPERATIONS


async def test_a_front_end_has_types_for_them(generated: Path, node: Node) -> None:
    for name, text in OPERATIONS.items():
        (generated / f"{name}.operation.graphql").write_text(text)
    made = await node("codegen.js")
    assert made[0] == 0, made[1]
    compiled = await node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")

    assert compiled == (0, "")
    types = (generated / "gql" / "graphql.ts").read_text()
    assert [name for name in OPERATIONS if f"{name}Document" not in types] == []


@pytest.mark.parametrize("name", OPERATIONS)
async def test_they_run(client: Client, name: str) -> None:
    media = await client.uploaded(pictures.png(), tags=["cat"])
    text = OPERATIONS[name]
    variables: dict[str, Any] = {"id": media["id"]} if "$id" in text else {}
    if "$file" in text:
        answer = (await client.multipart(text, {"file": None}, {"variables.file": pictures.png()})).json
    else:
        answer = await client.graphql(text, variables, key=None if name in {"SignUp", "SignIn"} else "first")

    assert "errors" not in answer, answer
    failed = {field: payload["errors"] for field, payload in answer["data"].items() if "errors" in (payload or {})}
    assert {field: errors for field, errors in failed.items() if errors} == EXPECTED.get(name, {})


# What the examples come to for who is not the one that they speak of.
EXPECTED = {
    "SignIn": {"signIn": [{"code": "INVALID_CREDENTIALS", "message": "The e-mail address or the password is wrong."}]},
}
