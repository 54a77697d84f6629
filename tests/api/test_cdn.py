"""Cloudflare's grammar: its options, sources, errors and client hints."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.client import Client


@pytest.mark.parametrize(
    ("options", "code", "status"),
    [
        ("", 9401, 400),
        ("nonsense=1", 9401, 400),
        ("width", 9401, 400),
        ("width=0", 9401, 400),
        ("width=1e3", 9401, 400),
        ("width=60,,h=1", 9401, 400),
        ("fit=fill", 9401, 400),
        ("gravity=0.5,0.5", 9401, 400),
        ("gravity=top-left", 9401, 400),
        ("rotate=45", 9401, 400),
        ("quality=0", 9401, 400),
        ("format=bmp", 9401, 400),
        ("upscale=generate", 9401, 400),
        ("brightness=11", 9401, 400),
        ("blur=251", 9401, 400),
        ("background=octarine", 9401, 400),
        ("width=60%00", 9401, 400),
        ("w=8000,h=8000,fit=squeeze", 9402, 413),
    ],
)
async def test_a_bad_option_is_refused_with_cloudflares_code(
    client: Client, options: str, code: int, status: int
) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    answer = await client.get(f"/cdn-cgi/image/{options}/{media['uid']}", key=None)

    assert answer.status == status
    assert answer.headers["Cf-Resized"] == f"err={code}"
    assert answer.body.startswith(f"ERROR {code}".encode())
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "option",
    [
        "brightness=0",
        "contrast=0",
        "gamma=0",
        "blur=0",
        "rotate=0",
        "rotate=360",
        "upscale=interpolate",
        "onerror=redirect",
        "anim=true",
        "compression=fast",
    ],
)
async def test_what_cloudflare_takes_for_nothing_is_nothing(client: Client, option: str) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    plain, asked = [
        await client.get(f"/cdn-cgi/image/{options}/{media['uid']}", key=None) for options in ("w=60", f"w=60,{option}")
    ]

    assert asked.headers["ETag"] == plain.headers["ETag"]


async def test_a_drawing_is_passed_through_unless_a_format_is_named(client: Client) -> None:
    media = await client.uploaded(pictures.svg('<rect width="40" height="20" fill="blue"/>', 40, 20))
    for options, kind in (
        ("w=20,f=auto", "image/svg+xml"),
        ("w=20", "image/svg+xml"),
        ("w=20,compression=fast,dpr=2", "image/svg+xml"),
        ("w=20,f=png", "image/png"),
    ):
        answer = await client.get(
            f"/cdn-cgi/image/{options}/{media['uid']}", key=None, headers={"Accept": "image/avif,image/webp"}
        )
        assert (answer.status, answer.headers["Content-Type"], options) == (200, kind, options)


async def test_sources_are_addresses_of_ours_and_no_others(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    path = media["url"].removeprefix(client.settings.public_url)
    good = [
        media["uid"],
        path[1:],
        media["url"],
        f"{client.settings.public_url}/{media['uid']}",
        f"{media['uid']}.webp",
    ]
    bad = [
        "zzz",
        "https://example.com/a.jpg",
        "http://127.0.0.1/x",
        path.replace("/src/", "/src/zz")[1:],
        "a/b/c",
    ]
    for source in good:
        answer = await client.get(f"/cdn-cgi/image/w=60/{source}", key=None)
        assert (answer.status, source) == (200, source)
    for source in bad:
        answer = await client.get(f"/cdn-cgi/image/w=60/{source}", key=None)
        assert (answer.status, answer.headers.get("Cf-Resized"), source) == (404, "err=9404", source)


async def test_an_error_may_lead_to_the_image_as_it_is(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    answer = await client.get(f"/cdn-cgi/image/w=8000,h=8000,fit=squeeze,onerror=redirect/{media['uid']}", key=None)

    assert (answer.status, answer.headers["Location"]) == (302, media["url"])
    assert (await client.get("/cdn-cgi/image/w=60,onerror=redirect/zzz", key=None)).status == 404


async def test_client_hints_decide_only_where_they_are_asked(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))

    async def etag(options: str, **headers: str) -> tuple[str, str | None]:
        answer = await client.get(
            f"/cdn-cgi/image/{options}/{media['uid']}",
            key=None,
            headers={k.replace("_", "-"): v for k, v in headers.items()},
        )
        assert answer.status == 200, answer.body
        return answer.headers["ETag"], answer.headers.get("Vary")

    slow, vary = await etag("w=60,scq=50", Save_Data="on")
    assert vary == "Save-Data, ECT, RTT, Downlink"
    assert slow == (await etag("w=60,q=50"))[0]
    for hints in ({"ECT": "2g"}, {"RTT": "400"}, {"Downlink": "0.5"}):
        assert (await etag("w=60,scq=50", **hints))[0] == slow
    for hints in ({}, {"ECT": "4g"}, {"RTT": "50"}, {"Downlink": "50"}, {"RTT": "nan"}, {"Save-Data": "off"}):
        assert (await etag("w=60,scq=50", **hints))[0] == (await etag("w=60"))[0]
    wide, vary = await etag("w=auto", Sec_CH_Width="60")
    assert (wide, vary) == ((await etag("w=60"))[0], "Sec-CH-Width, Width")
    assert (await etag("w=auto"))[0] == (await etag("w=120"))[0]
    assert (await etag("w=60", Save_Data="on"))[1] is None


@pytest.mark.parametrize("path", ["/cdn-cgi/image//x", "/cdn-cgi/image/w=50/", "/cdn-cgi/image//"])
async def test_even_no_options_and_no_source_answer_in_cloudflares_words(client: Client, path: str) -> None:
    assert (await client.get(path, key=None)).headers["Cf-Resized"] in ("err=9401", "err=9404")


@pytest.mark.parametrize("source", ["//[x", "%2F%2F%5Bx", "http://[x", "http://localhost:8000//[x", "http://"])
async def test_odd_sources_are_no_images(client: Client, source: str) -> None:
    answer = await client.get(f"/cdn-cgi/image/w=1/{source}", key=None)

    assert (answer.status, answer.headers["Cf-Resized"]) == (404, "err=9404")
