"""The mark of the test stage: on all that is made of test media, on nothing else."""

from __future__ import annotations

import pytest
from PIL import Image

from tests import pictures
from tests.client import Client
from tests.lab import difference

GREY = Image.new("RGB", (300, 200), (120, 120, 120))


def colors(content: bytes) -> int:
    """How many shades the first frame has."""
    return len(pictures.decode(content).convert("RGBA").getcolors(100_000) or [])


@pytest.mark.parametrize("query", ["w=100", "format=webp", "q=50", "rotate=90", "w=100&format=gif", "size=lqip"])
async def test_what_is_made_of_test_media_is_marked_and_of_others_not(client: Client, query: str) -> None:
    content = pictures.encode(GREY, "PNG")
    test, live = [await client.uploaded(content, key=key) for key in ("test", "first")]
    marked, plain = [await client.get(f"{media['url']}?{query}") for media in (test, live)]

    assert (marked.status, plain.status) == (200, 200)
    assert colors(marked.body) > 3
    assert colors(plain.body) == 1
    assert marked.headers["ETag"] != plain.headers["ETag"]


async def test_what_nothing_was_asked_of_is_as_it_came(client: Client) -> None:
    media = await client.uploaded(pictures.encode(GREY, "PNG"), key="test")

    assert colors((await client.get(media["url"])).body) == 1


async def test_every_frame_of_an_animation_is_marked(client: Client) -> None:
    test, live = [
        await client.uploaded(pictures.animation("GIF", width=120, height=80), key=key) for key in ("test", "first")
    ]
    marked, plain = [pictures.decode((await client.get(f"{media['url']}?w=90")).body) for media in (test, live)]
    assert all(getattr(picture, "n_frames", 1) == 3 for picture in (marked, plain))
    for frame in range(3):
        marked.seek(frame)
        plain.seek(frame)
        assert difference(marked.convert("RGB"), plain.convert("RGB")) > 5


async def test_transparent_and_grey_pictures_are_marked_and_stay_so(client: Client) -> None:
    clear = await client.uploaded(pictures.encode(Image.new("RGBA", (200, 100)), "PNG"), key="test")
    grey = await client.uploaded(pictures.encode(Image.new("L", (200, 100), 200), "PNG"), key="test")
    tiny = await client.uploaded(pictures.encode(Image.new("L", (2, 2), 200), "PNG"), key="test")

    result = pictures.decode((await client.get(f"{clear['url']}?w=100")).body)
    assert result.mode == "RGBA"
    alpha = result.getchannel("A").histogram()
    assert alpha[0] > 0
    assert sum(alpha[100:]) > 0
    assert colors((await client.get(f"{grey['url']}?w=100")).body) > 3
    assert pictures.decode((await client.get(f"{tiny['url']}?w=1")).body).size == (1, 1)


async def test_a_test_picture_on_top_marks_the_whole(client: Client) -> None:
    live = await client.uploaded(pictures.encode(GREY, "PNG"))
    test = await client.uploaded(pictures.encode(Image.new("RGB", (4, 4)), "PNG"), key="test")
    answer = await client.get(f"{live['url']}?overlay={test['uid']}", key=None)

    assert answer.status == 200
    assert colors(answer.body) > 4
