"""Renditions as GraphQL plans them, and as it refuses them."""

from __future__ import annotations

from typing import Any

from PIL import Image

from tests import pictures
from tests.client import Client

RENDITION = """query ($id: ID!, $transform: TransformInput, $preset: String) {
  node(id: $id) { ... on Media { rendition(transform: $transform, preset: $preset) {
    url width height format contentType placeholder { thumbhash blurhash color dataUrl } } } } }"""


async def rendition(
    client: Client, media: Any, transform: Any = None, *, preset: str | None = None, key: str | None = "first"
) -> Any:
    data = await client.data(RENDITION, {"id": media["id"], "transform": transform, "preset": preset}, key=key)
    return data["node"]["rendition"]


async def refusal(client: Client, media: Any, transform: Any, **options: Any) -> Any:
    variables = {"id": media["id"], "transform": transform, **options}
    answer = await client.graphql(RENDITION, variables)
    assert not (answer.get("data") or {}).get("node"), answer
    return answer["errors"][0]


def decode(body: bytes) -> Image.Image:
    return pictures.decode(body)
