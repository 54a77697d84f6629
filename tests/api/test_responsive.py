"""What an `<img>` needs, in one field: addresses, widths, sizes and a placeholder that agree with one another."""

from __future__ import annotations

import re
from typing import Any

import pytest

from graphql_api.services.responsive import _remembered
from tests import pictures
from tests.client import Client

QUERY = (
    "query ($uid: String!, $t: TransformInput, $w: [Int!], $f: [ImageFormat!], $s: String) { media(by: { uid: $uid }) "
    "{ responsive(transform: $t, widths: $w, formats: $f, sizes: $s) "
    "{ src srcSet sizes width height sources { type srcSet sizes } placeholder { color } } } }"
)
SIDES = ("top", "right", "bottom", "left")


async def ask(client: Client, media: Any, **variables: Any) -> Any:
    return (await client.data(QUERY, {"uid": media["uid"]} | variables))["media"]["responsive"]


def candidates(src_set: str) -> list[tuple[str, int]]:
    """As a browser reads it: candidates are separated by a comma and white space."""
    return [(address, int(width)) for address, width in re.findall(r"(\S+) (\d+)w(?:, |$)", src_set)]


async def test_every_address_serves_what_the_set_says(client: Client) -> None:
    made = await client.uploaded(pictures.jpeg(1000, 500))
    answer = await ask(client, made, t={"width": 400, "height": 300, "fit": "COVER", "blur": 4, "padding": {"top": 8}})

    assert (answer["width"], answer["height"]) == (400, 308)
    assert answer["sizes"] == "(min-width: 400px) 400px, 100vw"
    assert answer["placeholder"]["color"]
    assert [source["type"] for source in answer["sources"]] == ["image/avif", "image/webp"]
    sets = [("image/jpeg", answer["srcSet"]), *((s["type"], s["srcSet"]) for s in answer["sources"])]
    for kind, src_set in sets:
        found = candidates(src_set)
        assert [width for _, width in found] == [100, 200, 400, 666]
        for address, width in found:
            image = await client.get(address)
            assert image.headers["Content-Type"] == kind
            size = pictures.decode(image.body).size
            assert size == (width, round(width * 0.75) + round(8 * width / 400))
    assert answer["src"] in [address for address, _ in candidates(answer["srcSet"])]


async def test_nothing_is_enlarged_and_each_width_is_there_once(client: Client) -> None:
    made = await client.uploaded(pictures.jpeg(700, 350, orientation=6))
    plain = await ask(client, made, f=[])
    asked = await ask(client, made, w=[100, 100, 5000, 350], s="50vw", f=["WEBP"])
    by_height = await ask(client, made, t={"height": 70}, f=[])
    by_name = await ask(client, made, t={"size": "S"}, f=[])

    assert [width for _, width in candidates(plain["srcSet"])] == [320, 350]
    assert (plain["sizes"], plain["sources"]) == ("100vw", [])
    assert [width for _, width in candidates(asked["srcSet"])] == [100, 350]
    assert (asked["sizes"], asked["sources"][0]["sizes"]) == ("50vw", "50vw")
    assert [width for _, width in candidates(by_height["srcSet"])] == [9, 18, 35, 70]
    assert [width for _, width in candidates(by_name["srcSet"])] == [80, 160, 320, 350]


@pytest.mark.parametrize(
    ("transform", "widths", "expected"),
    [
        ({"width": 50, "padding": {"left": 10, "right": 10}}, [70, 140], [70, 140]),
        ({"width": 300, "border": {"width": dict.fromkeys(SIDES, 10)}}, None, [80, 160, 320, 640]),
        ({"width": 300, "height": 300, "fit": "PAD", "padding": dict.fromkeys(SIDES, 10)}, [160, 240], [160, 240]),
        ({"width": 400, "height": 100, "fit": "CONTAIN"}, None, [38, 75, 150, 300]),
        ({"width": 1600, "height": 600, "fit": "CROP"}, None, [300, 600, 1200]),
    ],
)
async def test_every_width_is_the_same_picture(
    client: Client, transform: dict[str, Any], widths: list[int] | None, expected: list[int]
) -> None:
    made = await client.uploaded(pictures.jpeg(1200, 800))
    answer = await ask(client, made, t=transform, w=widths, f=[])
    found = candidates(answer["srcSet"])
    sizes = [pictures.decode((await client.get(address)).body).size for address, _ in found]

    assert [width for _, width in found] == expected
    assert [width for width, _ in sizes] == expected
    assert all(height == pytest.approx(answer["height"] * width / answer["width"], abs=2) for width, height in sizes)


@pytest.mark.parametrize(
    ("size", "transform", "widths", "expected"),
    [
        ((1200, 800), {"width": 800, "height": 450, "fit": "COVER"}, None, [200, 400, 800, 1200]),
        ((100, 100), {"width": 800, "height": 450, "fit": "COVER"}, None, [100, 800]),
        ((100, 100), {"width": 800, "height": 450, "fit": "COVER"}, [50, 400], [50, 100]),
        ((1200, 800), {"width": 300, "height": 400, "fit": "SQUEEZE"}, None, [75, 150, 300, 600]),
        ((100, 50), {"width": 300, "fit": "CONTAIN"}, None, [75, 100, 300]),
        ((1200, 80), {"width": 5000, "fit": "CONTAIN"}, None, [1200, 5000]),
    ],
)
async def test_only_what_was_asked_for_is_enlarged(
    client: Client, size: tuple[int, int], transform: dict[str, Any], widths: list[int] | None, expected: list[int]
) -> None:
    made = await client.uploaded(pictures.jpeg(*size))
    answer = await ask(client, made, t=transform, w=widths, f=[])

    assert [width for _, width in candidates(answer["srcSet"])] == expected


async def test_a_drawing_grows(client: Client) -> None:
    made = await client.uploaded(pictures.svg(""))
    answer = await ask(client, made, t={"width": 800, "height": 450, "fit": "COVER"}, f=[])

    assert [width for _, width in candidates(answer["srcSet"])] == [200, 400, 800, 1600]


async def test_sizes_are_in_pixels_of_the_page_and_a_format_is_there_once(client: Client) -> None:
    made = await client.uploaded(pictures.jpeg(1000, 500))
    answer = await ask(client, made, t={"width": 300, "dpr": 2}, f=["WEBP", "WEBP"])

    assert (answer["width"], answer["sizes"]) == (600, "(min-width: 300px) 300px, 100vw")
    assert [source["type"] for source in answer["sources"]] == ["image/webp"]


async def test_asking_renders_nothing(client: Client) -> None:
    made = await client.uploaded(pictures.jpeg(1000, 500))
    await ask(client, made)

    assert await client.renditions() == []


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"w": []}, "widths"),
        ({"w": [0]}, "widths"),
        ({"w": [10_000]}, "widths"),
        ({"w": list(range(1, 14))}, "widths"),
        ({"f": ["HEIC"]}, "formats"),
        ({"f": ["PNG", "GIF", "WEBP", "AVIF"]}, "formats"),
        ({"t": {"trim": {"tolerance": 10}}}, "transform"),
        ({"t": {"width": -1}}, "transform.width"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(client: Client, variables: dict[str, Any], field: str) -> None:
    made = await client.uploaded(pictures.png())
    answer = await client.graphql(QUERY, {"uid": made["uid"]} | variables)

    assert answer["errors"][0]["extensions"]["field"] == field


async def test_what_is_refused_is_not_remembered_and_what_is_alike_is_planned_once(client: Client) -> None:
    first, second = [await client.uploaded(pictures.jpeg(900, 500, seed=seed)) for seed in (1, 2)]
    _remembered.cache_clear()
    answer = await client.graphql(QUERY, {"uid": first["uid"], "w": [320] * 5000})
    refused = _remembered.cache_info().currsize
    one, two = await ask(client, first, w=[320]), await ask(client, second, w=[320])

    assert "errors" in answer
    assert (refused, _remembered.cache_info().currsize, _remembered.cache_info().hits) == (0, 1, 1)
    assert one["srcSet"].replace(first["uid"], second["uid"]) == two["srcSet"]
