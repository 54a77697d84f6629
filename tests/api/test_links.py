"""Links of every kind that are no good: refused by GraphQL, by the pages and by the archive, and nothing is told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.people import act, ask, post_form, sign_in, token_in
from tests.processes import run
from tests.scene import STRANGE, Scene, code


@pytest.fixture
async def links(scene: Scene) -> dict[str, str]:
    """A link of each kind, all of them good."""
    await act(scene.client, "requestPasswordReset", email=scene.owner.email)
    await act(scene.client, "inviteMember", key=scene.owner.access, email="new@example.org")
    return {
        "verify": await scene.mailbox.link(scene.owner.email, "verify"),
        "reset": await scene.mailbox.link(scene.owner.email, "reset"),
        "invitation": await scene.mailbox.link("new@example.org", "invitation"),
        "export": (await act(scene.client, "exportTeam", "url", key=scene.owner.access))["url"],
    }


MUTATIONS: Mapping[str, tuple[str, dict[str, str]]] = {
    "verify": ("verifyEmail", {}),
    "reset": ("resetPassword", {"password": "quite other words"}),
    "invitation": ("acceptInvitation", {}),
}


async def assert_void(scene: Scene, kind: str, token: str) -> None:
    """GraphQL, the page and the archive refuse it, each in its words."""
    if kind == "export":
        answer = await scene.client.get("/export", key=None, params={"token": token})
        expected = (403, "bad_signature") if token else (401, "unauthenticated")
        assert (answer.status, code(answer)) == expected, token
        return
    mutation, values = MUTATIONS[kind]
    stranger = await sign_in(scene.client, scene.stranger.email)
    answer_data = (await ask(scene.client, mutation, key=stranger.access, token=token, **values))["data"][mutation]
    assert [(e["__typename"], e["code"]) for e in answer_data["errors"]] == [("InputError", "BAD_SIGNATURE")], token
    if kind == "reset":
        shown = await post_form(scene.client, "/account/reset", token=token, **values)
    else:
        shown = await scene.client.get(f"/account/{kind}", key=None, params={"token": token})
    assert (shown.status, code(shown)) == (403, "page")
    for secret in ("Engines", scene.owner.email, "new@example.org"):
        assert secret not in shown.body.decode()
        assert secret not in str(answer_data)


@pytest.mark.parametrize("kind", ["verify", "reset", "invitation", "export"])
async def test_a_link_that_is_no_good(scene: Scene, links: dict[str, str], kind: str) -> None:
    token = token_in(links[kind])
    text, _, signature = token.partition(".")
    purposes = {"verify": "verify e-mail", "reset": "reset password", "invitation": "invitation", "export": "export"}
    wrong = [
        *(token_in(link) for other, link in links.items() if other != kind),
        f"{text}.{STRANGE.sign(purposes[kind], text)}",
        f"{text}.{'A' * len(signature)}",
        f"{text[:-1]}{'A' if text[-1] != 'A' else 'B'}.{signature}",
        f"{text}.",
        text,
        f".{signature}",
        f"{token}.x",
        scene.owner.access,
        scene.owner.refresh,
        "é.ü",
        "x" * 3000,
        "",
    ]
    for bad in wrong:
        await assert_void(scene, kind, bad)
    scene.clock.forward(days=8)
    await assert_void(scene, kind, token)


@pytest.mark.parametrize("kind", ["verify", "reset", "invitation", "export"])
async def test_a_link_that_belongs_to_what_is_gone(scene: Scene, links: dict[str, str], kind: str) -> None:
    run(scene.client.settings.data_dir, "user", "delete", "--email", scene.owner.email)

    await assert_void(scene, kind, token_in(links[kind]))
