"""GraphQL documents by their digest: registered by clients, trusted by the operator."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from graphql_api.config import ConfigurationError
from graphql_api.errors import NotFound
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services import documents
from graphql_api.services.documents import Documents
from tests.client import Answer, Client
from tests.conftest import make_settings, run_app

QUERY = "query One { viewer { team { name } } }"


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(digest: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}


async def ask(client: Client, body: dict[str, Any], accept: str = "application/json", key: str = "first") -> Answer:
    return await client.request("POST", "/graphql", json=body, headers={"Accept": accept}, key=key)


async def test_a_document_is_registered_once_and_named_from_then_on(client: Client) -> None:
    digest = digest_of(QUERY)
    unknown = await ask(client, persisted(digest))
    strict = await ask(client, persisted(digest), "application/graphql-response+json")
    registered = await ask(client, persisted(digest) | {"query": QUERY})
    named = await ask(client, persisted(digest), key="second")
    by_id = await ask(client, {"documentId": f"sha256:{digest.upper()}"})
    query = {"extensions": json.dumps(persisted(digest)["extensions"])}
    by_get = await client.request("GET", "/graphql", params=query, headers={"Accept": "application/json"})

    assert (unknown.status, strict.status) == (200, 400)
    assert unknown.json["errors"][0]["message"] == "PersistedQueryNotFound"
    assert unknown.json["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert "data" not in unknown.json
    for answer in (registered, by_id, by_get):
        assert answer.json["data"] == {"viewer": {"team": {"name": "first"}}}
    assert named.json["data"] == {"viewer": {"team": {"name": "second"}}}


@pytest.mark.parametrize(
    "body",
    [
        persisted("abc"),
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a" * 64}}},
        {"extensions": {"persistedQuery": "a" * 64}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"documentId": 7},
        {"documentId": ""},
        persisted("a" * 64) | {"query": QUERY},
        persisted(digest_of(QUERY)) | {"query": 7},
    ],
)
async def test_what_is_no_digest_of_the_document_is_a_400(client: Client, body: dict[str, Any]) -> None:
    answer = await ask(client, body)

    assert (answer.status, answer.json["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert "sha256Hash" not in answer.json["errors"][0]["message"]  # (it may have come as `documentId`)


async def test_nobody_without_a_good_key_learns_what_is_registered(client: Client) -> None:
    await ask(client, persisted(digest_of(QUERY)) | {"query": QUERY})

    assert (await ask(client, persisted(digest_of(QUERY)), key="img_live_wrong")).status == 401


async def test_trusted_documents_alone(tmp_path: Path, imaging: ImagingPool) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({f"sha256:{digest_of(QUERY)}": QUERY}))
    settings = make_settings(tmp_path, trusted_documents=manifest, trusted_documents_only=True)
    async with run_app(settings, imaging) as client:
        by_id = await ask(client, {"documentId": digest_of(QUERY)})
        in_full = await ask(client, {"query": QUERY})
        other = await ask(client, {"query": "{ viewer { team { id } } }"})
        sneaked = "{ __typename }"
        registered = await ask(client, persisted(digest_of(sneaked)) | {"query": sneaked})
        later = await ask(client, persisted(digest_of(sneaked)))

    assert by_id.json["data"] == in_full.json["data"] == {"viewer": {"team": {"name": "first"}}}
    for answer in (other, registered):
        assert (answer.status, answer.json["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert later.json["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["[]", "{", json.dumps({"a" * 64: QUERY}), json.dumps({"a" * 64: 7})])
def test_a_manifest_that_is_not_one_ends_the_start(tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_text(text)

    with pytest.raises(ConfigurationError, match="TINTYPE_TRUSTED_DOCUMENTS"):
        _ = make_settings(tmp_path, trusted_documents=manifest).trusted


def test_what_clients_register_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_MAX_REGISTERED", 2)
    kept = Documents({}, trusted_only=False)
    for text in ("a", "b"):
        kept.register(digest_of(text), text)
    kept.find(digest_of("a"))
    kept.register(digest_of("c"), "c")

    assert [len(kept._registered), kept.find(digest_of("a"))] == [2, "a"]
    with pytest.raises(NotFound):
        kept.find(digest_of("b"))
