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


@pytest.mark.parametrize("name", [name for name, text in OPERATIONS.items() if not text.startswith("subscription")])
async def test_they_run(client: Client, name: str) -> None:
    media, text = await client.uploaded(pictures.png(), tags=["cat"]), OPERATIONS[name]
    variables: dict[str, Any] = {"id": media["id"]} if "$id" in text else {}
    if "$mediaIds" in text:
        made = await client.data(OPERATIONS["CreateCollection"])
        variables = {"id": made["createCollection"]["collection"]["id"], "mediaIds": [media["id"]]}
    if "$file" in text:
        file = {"variables.file": pictures.png(30, 20)}
        answer = (await client.multipart(text, variables | {"file": None}, file)).json
    else:
        answer = await client.graphql(text, variables, key=None if name in {"SignUp", "SignIn"} else "first")

    assert "errors" not in answer, answer
    payloads = answer["data"].values() if text.startswith("mutation") else ()
    codes = {error["code"] for payload in payloads for error in payload["errors"]}
    assert codes == EXPECTED.get(name, set())


# What the examples come to where there is nobody, or nothing, that they speak of.
EXPECTED = {"SignIn": {"INVALID_CREDENTIALS"}, "CompleteUpload": {"BAD_SIGNATURE"}}
