"""Every credential that is no good, on every surface: refused in that surface's own words, and nothing is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import pytest

from graphql_api.domain.key import Profile, new_secret
from tests import pictures
from tests.client import Answer
from tests.people import (
    act,
    ask,
    page_cookie,
    post_form,
    refusal,
)
from tests.processes import run
from tests.scene import HIDDEN, STRANGE, Scene, code

PROFILES = ("G1", "G3", "G4", "APP", "TEST", "LIVE")
QUERY = "query ($id: ID!) { media(by: { id: $id }) { name caption } mediaList(first: 5) { nodes { name caption } } }"


@dataclass(frozen=True, slots=True)
class Sent:
    """A credential on its way: as a key or token, or as a cookie."""

    bearer: str | None = None
    cookie: str | None = None
    test: bool = False

    @property
    def options(self) -> dict[str, Any]:
        return {"key": self.bearer, "headers": {"Cookie": self.cookie} if self.cookie else {}}


async def graphql(scene: Scene, sent: Sent) -> Answer:
    body = {"query": QUERY, "variables": {"id": scene.media[sent.test]["id"]}}
    return await scene.client.request("POST", "/graphql", json=body, **sent.options)


async def image(scene: Scene, sent: Sent) -> Answer:
    return await scene.client.get(scene.media[sent.test]["url"], **sent.options)


async def rest(scene: Scene, sent: Sent) -> Answer:
    return await scene.client.get(f"/v1/images/{scene.media[sent.test]['uid']}", **sent.options)


async def export(scene: Scene, sent: Sent) -> Answer:
    return await scene.client.get("/export", **sent.options)


async def page(scene: Scene, sent: Sent) -> Answer:
    return await scene.client.get("/account", **sent.options)


SURFACES = (graphql, image, rest, export, page)


UNAUTHENTICATED = {
    "graphql": (401, "UNAUTHENTICATED"),
    "image": (401, "unauthenticated"),
    "rest": (401, "authentication_error unauthorized"),
    "export": (401, "unauthenticated"),
    "page": (401, "page"),
}


async def assert_unknown(scene: Scene, sent: Sent) -> None:
    """On every surface it is worth nothing, and its secret is not repeated."""
    for surface in SURFACES:
        answer = await surface(scene, sent)
        assert (answer.status, code(answer)) == UNAUTHENTICATED[surface.__name__], (surface.__name__, sent)
        text = answer.body.decode()
        assert HIDDEN not in text
        assert str(sent.bearer).strip() not in text
        if surface is not page:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.headers["Cache-Control"] == "no-store"


async def test_what_is_good_is_let_in_everywhere(scene: Scene) -> None:
    """Or all the refusals below would show nothing."""
    good = [Sent(scene.owner.access), Sent(cookie=await page_cookie(scene.client, scene.owner.email))]
    for profile in PROFILES:
        scopes = ["READ"] if profile == "TEST" else ["READ", "ADMIN"]
        good.append(Sent((await scene.new_key(profile, scopes=scopes))[1], test=profile == "TEST"))
    for sent in good:
        seen = await graphql(scene, sent)
        assert seen.json["data"]["media"]["name"] == HIDDEN
        assert (await image(scene, sent)).status == 200
        assert (await rest(scene, sent)).json["filename"] == HIDDEN
        assert (await export(scene, sent)).status == (403 if sent.test else 200)


# --- keys

KEY_FAULTS: Mapping[str, Callable[[str, Profile], list[str]]] = {
    "unknown": lambda _, profile: [new_secret(profile, 1), new_secret(Profile.SK, 1)],
    "malformed": lambda secret, _: [
        secret[:-1],
        secret + "a",
        secret.swapcase(),
        f"99|{secret.rpartition('|')[2]}",
        f"{secret},{secret}",
        secret.rpartition("|")[2][::-1],
        "x" * 3000,
        "'; --",
        "é",
        "a.b",
    ],
}


@pytest.mark.parametrize("fault", [*KEY_FAULTS, "revoked", "stolen and rotated", "expired"])
async def test_a_key_that_is_no_good(scene: Scene, fault: str) -> None:
    soon = {"expiresAt": (scene.clock.stop().replace(year=2099)).isoformat()} if fault == "expired" else {}
    keys = {profile: await scene.new_key(profile, **soon) for profile in PROFILES}
    for profile, (key_id, secret) in keys.items():
        assert (await rest(scene, Sent(secret, test=profile == "TEST"))).status == 200  # it was good, and is remembered
        if fault == "revoked":
            await act(scene.client, "revokeKey", key=scene.owner.access, id=key_id)
        elif fault == "stolen and rotated":
            await act(scene.client, "rotateKey", key=scene.owner.access, id=key_id)
    if fault == "expired":
        scene.clock.stop(scene.clock().replace(year=2100))

    for profile, (_, secret) in keys.items():
        for wrong in KEY_FAULTS[fault](secret, Profile[profile]) if fault in KEY_FAULTS else [secret]:
            await assert_unknown(scene, Sent(wrong, test=profile == "TEST"))


async def test_a_key_of_another_team_or_of_too_little_scope(scene: Scene) -> None:
    for profile in PROFILES:
        await assert_powerless(scene, profile)


async def assert_powerless(scene: Scene, profile: str) -> None:
    asked: dict[str, Any] = {"name": "k", "profile": profile, "scopes": ["READ", "WRITE"]}
    made = await act(scene.client, "createKey", "secret", key=scene.stranger.access, **asked)
    (_, writer), (_, reader) = [await scene.new_key(profile, scopes=[scope]) for scope in ("WRITE", "READ")]
    test = profile == "TEST"

    # Who is of another team learns no more than who asks for nothing; a key of the team is told what it lacks.
    refusals = {made["secret"]: "invalid_request_error not_found", writer: "permission_error forbidden"}
    for secret, words in refusals.items():
        sent = Sent(secret, test=test)
        assert [code(await surface(scene, sent)) for surface in (image, rest)] == ["not_found", words]
        for surface in (graphql, image, rest):
            assert HIDDEN not in (await surface(scene, sent)).body.decode()
    foreign = await graphql(scene, Sent(made["secret"], test=test))
    assert foreign.json["data"] == {"media": None, "mediaList": {"nodes": []}}
    assert code(await graphql(scene, Sent(writer, test=test))) == "FORBIDDEN"
    for secret in (made["secret"], writer, reader):
        answer = await export(scene, Sent(secret))
        assert (answer.status, code(answer)) == (403, "forbidden")
    upload = await scene.client.rest_upload(pictures.png(), key=reader)
    assert (upload.status, code(upload)) == (403, "permission_error forbidden")
    assert await refusal(scene.client, "updateMedia", key=reader, id=scene.media[test]["id"], name="x") == "FORBIDDEN"
    assert await refusal(scene.client, "deleteMedia", key=made["secret"], id=scene.media[test]["id"]) == "NOT_FOUND"


async def test_an_sk_key_is_for_external_uploads_alone(scene: Scene) -> None:
    _, secret = await scene.new_key("SK")

    await assert_unknown(scene, Sent(secret))


# --- tokens and cookies


async def end(scene: Scene, fault: str, *, cookie: str | None = None) -> None:
    """Make the owner's sign-in worthless."""
    if fault == "signed out" and cookie:
        await post_form(scene.client, "/account/sign-out", cookie=cookie)
    elif fault == "signed out":
        await act(scene.client, "signOut", key=scene.owner.access, sessionId=None)
    elif fault == "expired":
        scene.clock.forward(days=31)
    elif fault == "suspended":
        run(scene.client.settings.data_dir, "user", "suspend", "--email", scene.owner.email)
    elif fault == "password reset":
        await act(scene.client, "requestPasswordReset", email=scene.owner.email)
        token = await scene.mailbox.token(scene.owner.email, "reset")
        await act(scene.client, "resetPassword", token=token, password="quite other words")
    else:
        run(scene.client.settings.data_dir, "user", "delete", "--email", scene.owner.email)


ENDS = ("signed out", "expired", "suspended", "password reset", "erased")


@pytest.mark.parametrize("fault", ENDS)
async def test_an_access_token_whose_session_is_over(scene: Scene, fault: str) -> None:
    assert (await image(scene, Sent(scene.owner.access))).status == 200
    await end(scene, fault)

    await assert_unknown(scene, Sent(scene.owner.access))
    assert await refusal(scene.client, "refreshSession", refreshToken=scene.owner.refresh) == "INVALID_CREDENTIALS"


async def test_what_is_no_access_token(scene: Scene) -> None:
    claims = jwt.decode(scene.owner.access, options={"verify_signature": False})
    cookie = (await page_cookie(scene.client, scene.owner.email)).partition("=")[2]
    verify = await scene.mailbox.token(scene.owner.email, "verify")
    for wrong in (
        jwt.encode(claims, STRANGE.derived("access token")[0], algorithm="HS256"),
        scene.owner.access[:-2],
        scene.owner.access.replace(".", ".x", 1),
        "..",
        scene.owner.refresh,  # others of our own, in the wrong place
        cookie,
        verify,
    ):
        await assert_unknown(scene, Sent(wrong))


async def test_a_person_of_another_team_sees_nothing(scene: Scene) -> None:
    cookie = await page_cookie(scene.client, scene.stranger.email)
    for sent in (Sent(scene.stranger.access), Sent(cookie=cookie)):
        for test in (False, True):
            asked = Sent(sent.bearer, sent.cookie, test)
            answers = [await surface(scene, asked) for surface in SURFACES]
            assert [answer.status for answer in answers] == [200, 404, 404, 200, 200]
            assert not any(HIDDEN.encode() in answer.body or b"Engines" in answer.body for answer in answers)


@pytest.mark.parametrize(
    "wrong", ["", ".", "..", "x", str(None), "9f0c0c0e-0000-4000-8000-000000000000.99999999999", "\0", "é" * 5000]
)
async def test_what_is_no_refresh_token(scene: Scene, wrong: str) -> None:
    answer = await ask(scene.client, "refreshSession", "accessToken", refreshToken=wrong)
    payload = answer["data"]["refreshSession"]

    assert payload["accessToken"] is None
    assert [error["message"] for error in payload["errors"]] == ["Invalid or expired refresh token."]


async def test_a_token_for_one_place_is_none_for_another(scene: Scene) -> None:
    cookie = (await page_cookie(scene.client, scene.owner.email)).partition("=")[2]
    for wrong in (scene.owner.access, cookie, str(scene.owner.test_key)):
        assert await refusal(scene.client, "refreshSession", refreshToken=wrong) == "INVALID_CREDENTIALS"
    for wrong in (scene.owner.access, scene.owner.refresh, str(scene.owner.test_key)):
        await assert_nobody(scene, f"tintype={wrong}")


async def assert_nobody(scene: Scene, cookie: str) -> None:
    """A page must be able to show itself: a cookie that is no good is nobody's, and refuses nothing public."""
    answers = [await surface(scene, Sent(cookie=cookie)) for surface in SURFACES]
    assert [answer.status for answer in answers] == [200, 404, 404, 401, 303], cookie
    assert [code(answer) for answer in answers[:4]] == [
        "UNAUTHENTICATED",
        "not_found",
        "invalid_request_error not_found",
        "unauthenticated",
    ]
    assert answers[4].headers["Location"] == "/account/sign-in"
    assert not any(HIDDEN.encode() in answer.body for answer in answers)


@pytest.mark.parametrize("fault", [*ENDS, "unknown", "malformed"])
async def test_a_cookie_that_is_no_good(scene: Scene, fault: str) -> None:
    cookie = await page_cookie(scene.client, scene.owner.email)
    assert (await image(scene, Sent(cookie=cookie))).status == 200
    bad = [cookie]
    if fault == "unknown":
        token = cookie.partition("=")[2].partition(".")[0]
        bad = [f"tintype={token}.{STRANGE.sign('session', token)}", f"tintype={'a' * 43}.{'b' * 43}"]
    elif fault == "malformed":
        bad = [
            cookie[:-1],
            cookie + "a",
            f"{cookie}.x",
            "tintype=.",
            "tintype=..",
            'tintype="',
            f"tintype={'x' * 5000}",
        ]
    else:
        await end(scene, fault, cookie=cookie)

    for wrong in bad:
        await assert_nobody(scene, wrong)
