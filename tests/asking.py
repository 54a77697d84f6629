"""What tests of single operations ask of one photograph."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from PIL import Image

from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import parse_query
from tests import pictures
from tests.lab import Lab

PHOTO = pictures.photo(200, 150)
CONTENT = pictures.encode(PHOTO, "PNG")
UID = "0123456789ab"


def ask(query: str) -> Transform:
    return parse_query(parse_qsl(query, keep_blank_values=True))


async def png(lab: Lab, query: str, content: bytes = CONTENT) -> Image.Image:
    return pictures.decode(await lab.render(content, ask(f"{query}&format=png")))


def each(change: Callable[[float], float]) -> Callable[[Image.Image], Image.Image]:
    """A change of each channel, on values of 0 to 1."""
    return lambda picture: picture.point([round(255 * min(1, max(0, change(step / 255)))) for step in range(256)] * 3)
