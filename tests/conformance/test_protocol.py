"""GraphQL over HTTP, as the audits of `graphql-http` understand it."""

from __future__ import annotations

import json

from tests.client import Client
from tests.conformance.conftest import Node

AUDITS = 61


async def test_every_audit_passes(client: Client, node: Node) -> None:
    code, output = await node("audit.js", f"{client.url}/graphql")
    assert code == 0, output
    results = json.loads(output)

    assert [result for result in results if result["status"] != "ok"] == []
    assert len({result["id"] for result in results}) == AUDITS
