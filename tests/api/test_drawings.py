"""Drawings: kept clean, served safely, drawn within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.domain.format import Format
from graphql_api.errors import TookTooLong
from graphql_api.imaging.jobs import Render
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.renditions import decode, refusal


async def test_a_drawing_is_kept_clean_and_served_safely(client: Client) -> None:
    evil = pictures.svg('<script>alert(1)</script><rect width="100" height="80" fill="lime" onclick="x()"/>')
    made = await client.uploaded(evil)
    answer = await client.get(made["url"], key=None)

    assert made["format"] == "SVG"
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"script" not in answer.body
    assert b"onclick" not in answer.body
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.body) == made["bytes"]
    assert b"script" not in b"".join(blob.read_bytes() for blob in client.blobs())
    for query, kind in (("?w=50", "image/png"), ("?format=webp", "image/webp"), ("?w=50&format=jpg", "image/jpeg")):
        path = made["url"].replace(".svg", "") + query
        assert (await client.get(path, key=None)).headers["Content-Type"] == kind
    # What is no drawing is not served as one.
    photo = await client.uploaded(pictures.jpeg(50, 50))
    assert (await client.get(photo["url"].replace(".jpg", ".svg"), key=None)).headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    "start",
    [
        '@import url("https://fonts.example/css?family=Roboto:wght@400;700");',
        "@import url(https://fonts.example/css?family=Roboto) screen;",
        "@IMPORT url('a.css');",
        '@import "a.css";',
        "<![CDATA[@import url(a.css);]]>",
        "@import url(&quot;a.css&quot;);",
        '@imp<x/>ort "a.css";',
        '@\\6<script>x</script>9mport "a.css";',
        "b{fill:URL(https://fonts.example/a)}",
        "b{fill:u<x/>rl(https://fonts.example/a)}",
        "b{fill:image-set('https://fonts.example/a' 1x)}",
    ],
)
async def test_what_a_style_would_fetch_is_gone_and_the_rest_of_it_stays(client: Client, start: str) -> None:
    made = await client.uploaded(
        pictures.svg(f'<style>{start} .a{{fill:lime}}</style><rect class="a" width="100" height="80"/>')
    )
    kept = (await client.get(made["url"], key=None)).body
    drawn = decode((await client.get(made["url"] + "?w=50", key=None)).body).convert("RGB")

    assert not any(word in kept for word in (b"import", b"a.css", b"example"))
    assert drawn.getpixel((25, 20)) == (0, 255, 0)


async def test_units_of_length_are_those_of_browsers(client: Client) -> None:
    made = await client.uploaded(pictures.svg('<rect width="2in" height="48pt" fill="lime"/>', "2in", "48pt"))
    drawn = decode((await client.get(made["url"] + "?w=96", key=None)).body)

    assert (made["width"], made["height"]) == (192, 64)
    assert drawn.size == (96, 32)


@pytest.mark.parametrize("content", [b"<svg>" + b"x" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'></g></svg>"])
async def test_what_is_no_drawing_is_refused(client: Client, content: bytes) -> None:
    payload = await client.upload(content)

    assert payload["media"] is None
    assert payload["errors"][0]["code"] == "UNSUPPORTED_MEDIA"
    assert await client.spooled() == client.blobs() == []


async def test_a_drawing_takes_transforms_at_its_own_address(client: Client) -> None:
    made = await client.uploaded(pictures.svg('<rect width="100" height="80" fill="lime"/>'))
    answer = await client.get(made["url"] + "?w=50", key=None)

    assert (answer.headers["Content-Type"], decode(answer.body).size) == ("image/png", (50, 40))


async def test_a_drawing_that_takes_too_long_is_served_and_not_drawn(tmp_path: Path) -> None:
    async with run_app(make_settings(tmp_path, imaging_seconds=1, imaging_workers=1)) as client:
        made = await client.uploaded(pictures.costly_svg())
        media = (
            await client.data("query ($id: ID!) { media(by: { id: $id }) { transformable width } }", {"id": made["id"]})
        )["media"]
        shown = await client.get(made["url"], key=None)
        asked = await client.get(made["url"] + "?w=50", key=None)
        error = await refusal(client, made, {"width": 50})
        # Nobody else waits for it.
        assert (await client.get((await client.uploaded(pictures.jpeg()))["url"] + "?w=50", key=None)).status == 200

    assert media == {"transformable": False, "width": 100}
    assert shown.headers["Content-Type"] == asked.headers["Content-Type"] == "image/svg+xml"
    assert "cannot be turned into pixels" in error["message"]


async def test_cleaning_makes_a_drawing_no_larger_and_its_texts_no_wider(client: Client) -> None:
    deep = pictures.svg("<g>" * 200 + "<g/>" * 20_000 + "</g>" * 200)
    large = await client.uploaded(deep)
    words = b"<text><tspan>A</tspan><tspan>B</tspan> <tspan>C</tspan>\n</text>"
    made = await client.uploaded(b"<!-- <b> --><?x <c> ?>" + pictures.svg(words.decode()))
    kept = (await client.get(made["url"], key=None)).body

    assert large["bytes"] < len(deep) + 100
    assert words in kept


async def test_a_drawing_that_took_too_long_is_not_tried_again_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Render] = []
    render = ImagingPool.render

    async def give_up(self: ImagingPool, job: Render) -> bytes | None:
        tried.append(job)
        if job.original.format is Format.SVG and len(tried) == 1:
            raise TookTooLong("The image took more than 10 seconds to process.")
        return await render(self, job)

    monkeypatch.setattr(ImagingPool, "render", give_up)
    made, other = [await client.uploaded(pictures.svg(f'<rect width="{n}" height="9"/>')) for n in (90, 91)]
    photo = await client.uploaded(pictures.png(300, 300))
    answers = [await client.get(f"{made['url']}?w={width}", key=None) for width in (90, 89, 80)]
    answers.append(await client.get(f"{photo['url']}?overlay={made['uid']}", key=None))

    assert [answer.status for answer in answers] == [503] * 4
    assert [int(answer.headers["Retry-After"]) > 500 for answer in answers[1:]] == [True] * 3
    assert len(tried) == 1
    assert (await client.get(f"{made['url']}?w=20", key=None)).status == 200
    assert (await client.get(f"{other['url']}?w=90", key=None)).status == 200
    assert (await client.get(photo["url"], key=None)).status == 200
