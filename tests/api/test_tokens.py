"""Access and refresh tokens: rotated, ended with their session, and signed by nobody but us."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest

from graphql_api.domain.signing import Signer
from graphql_api.imaging.pool import ImagingPool
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import PASSWORD, Clock, Person, act, join, refusal, sign_in, viewer

ADA = "ada@example.org"
OLD, NEW = "old" * 16, "new" * 16
PAIR = "accessToken refreshToken expiresIn user { email }"


async def refresh(client: Client, token: str) -> Person:
    """The pair that a refresh token is exchanged for."""
    pair = await act(client, "refreshSession", PAIR, refreshToken=token)
    assert pair["user"] is None
    return Person("", ADA, pair["accessToken"], pair["refreshToken"])


async def test_the_pair_has_the_form_that_clients_expect(house: Client, clock: Clock) -> None:
    """contracts/slink.md 1.1: `exp` and `roles` are read, and the refresh token shows its own end."""
    now = clock.stop()
    await join(house, ADA)
    pair = await act(house, "signIn", PAIR, email=ADA, password=PASSWORD)
    claims = jwt.decode(pair["accessToken"], options={"verify_signature": False})
    identity, _, expiry = pair["refreshToken"].partition(".")

    assert pair["expiresIn"] == 3600
    assert (claims["iat"], claims["exp"]) == (int(now.timestamp()), int(now.timestamp()) + 3600)
    assert claims["roles"] == ["ROLE_USER"]
    assert len(identity) == 36
    assert int(expiry) == int((now + dt.timedelta(days=30)).timestamp())


async def test_a_refresh_token_is_good_once(house: Client) -> None:
    first = await join(house, ADA)
    second = await refresh(house, first.refresh)

    assert second.refresh != first.refresh
    assert await refusal(house, "refreshSession", refreshToken=first.refresh) == "INVALID_CREDENTIALS"
    assert await viewer(house, second.access)  # a client that asks twice at once is only clumsy
    third = await refresh(house, second.refresh)
    assert await viewer(house, third.access)


async def test_a_used_token_that_comes_back_later_ends_the_session(house: Client, clock: Clock) -> None:
    stolen, other = await join(house, ADA), await sign_in(house, ADA)
    mine = await refresh(house, stolen.refresh)
    clock.forward(minutes=1, seconds=1)

    assert await refusal(house, "refreshSession", refreshToken=stolen.refresh) == "INVALID_CREDENTIALS"
    assert await viewer(house, mine.access) is None
    assert await refusal(house, "refreshSession", refreshToken=mine.refresh) == "INVALID_CREDENTIALS"
    assert await viewer(house, other.access)  # another session is another matter


@pytest.mark.usefixtures("database_url")
async def test_of_many_who_bring_one_token_one_gets_a_pair(house: Client) -> None:
    ada = await join(house, ADA)
    query = "mutation ($t: String!) { refreshSession(input: { refreshToken: $t }) { refreshToken errors { code } } }"
    answers = await asyncio.gather(*(house.data(query, {"t": ada.refresh}, key=None) for _ in range(8)))
    pairs = [answer["refreshSession"]["refreshToken"] for answer in answers]

    assert len([pair for pair in pairs if pair]) == 1
    assert await viewer(house, ada.access)


async def test_a_change_of_password_and_a_refresh_at_once_leave_no_token_behind(
    tmp_path: Path, imaging: ImagingPool, database_url: str
) -> None:
    async with run_app(make_settings(tmp_path, database_url=database_url), imaging) as client:
        password, ada = PASSWORD, await join(client, ADA)
        for turn in range(3):
            others = [await sign_in(client, ADA, password) for _ in range(2)]
            change = {"oldPassword": password, "newPassword": f"{PASSWORD} {turn}"}
            changing = asyncio.create_task(act(client, "changePassword", key=ada.access, **change))
            pairs = [other.refresh for other in others]
            while not changing.done():
                pairs = [await _try_refresh(client, token) or token for token in pairs]
            await changing
            password = change["newPassword"]

            for token in pairs:
                assert await refusal(client, "refreshSession", refreshToken=token) == "INVALID_CREDENTIALS"


async def _try_refresh(client: Client, token: str) -> str | None:
    query = "mutation ($t: String!) { refreshSession(input: { refreshToken: $t }) { refreshToken } }"
    answer = await client.data(query, {"t": token}, key=None)
    found = answer["refreshSession"]["refreshToken"]
    return str(found) if found else None


async def test_signing_out_ends_the_pair_and_nothing_else(house: Client) -> None:
    here, there = await join(house, ADA), await sign_in(house, ADA)
    await act(house, "signOut", "done", key=here.access, sessionId=None)

    assert await viewer(house, here.access) is None
    assert await refusal(house, "refreshSession", refreshToken=here.refresh) == "INVALID_CREDENTIALS"
    assert await viewer(house, there.access)


async def test_one_place_can_sign_out_another_of_ones_own(house: Client) -> None:
    here, there = await join(house, ADA), await sign_in(house, ADA)
    bob = await join(house, "bob@example.org")
    sessions = await house.data("{ viewer { sessions { id current agent address } } }", key=here.access)
    (other,) = [session["id"] for session in sessions["viewer"]["sessions"] if not session["current"]]

    assert {session["address"] for session in sessions["viewer"]["sessions"]} == {"127.0.0.1"}
    assert await refusal(house, "signOut", key=bob.access, sessionId=other) == "NOT_FOUND"
    assert await refusal(house, "signOut", key=here.access, sessionId="nonsense") == "NOT_FOUND"
    await act(house, "signOut", key=here.access, sessionId=other)
    assert await viewer(house, there.access) is None
    assert await viewer(house, here.access)


async def test_tokens_end_to_the_second(house: Client, clock: Clock) -> None:
    clock.stop(clock().replace(microsecond=0))
    ada = await join(house, ADA)
    clock.forward(seconds=3599)
    assert await viewer(house, ada.access)
    clock.forward(seconds=1)
    answer = await house.graphql("{ viewer { user { email } } }", key=ada.access)
    assert answer["errors"][0]["message"] == "This access token has expired."
    clock.forward(days=30, seconds=-3601)
    again = await refresh(house, ada.refresh)
    clock.forward(days=30)
    assert await refusal(house, "refreshSession", refreshToken=again.refresh) == "INVALID_CREDENTIALS"


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=")


def _forgeries(token: str) -> dict[str, str]:
    """What somebody without our keys can make of a token, or out of nothing."""
    head, body, signature = token.split(".")
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    none = _encoded({"alg": "none", "typ": "JWT"})
    admin = claims | {"roles": ["ROLE_ADMIN"], "sub": "1"}
    strange = {"kid": "../../dev/null", "jku": "https://evil.example/keys", "x5u": "https://evil.example"}
    wrong_key = b"k" * 32
    return {
        "alg none": f"{none}.{body}.",
        "alg none, signed": f"{none}.{body}.{signature}",
        "alg NONE": f"{_encoded({'alg': 'NONE'})}.{body}.",
        "another key": jwt.encode(claims, wrong_key, algorithm="HS256"),
        "another kid": jwt.encode(claims, wrong_key, algorithm="HS256", headers=strange),
        "another length": jwt.encode(claims, wrong_key * 2, algorithm="HS512"),
        "other claims": f"{head}.{_encoded(admin)}.{signature}",
        "another head": f"{_encoded({'alg': 'HS256', 'kid': '1'})}.{body}.{signature}",
        "no signature": f"{head}.{body}.",
        "cut": token[:-1],
        "no claims": f"{head}..{signature}",
        "no JSON": f"{head}.!!!.{signature}",
        "nothing": "..",
    }


@pytest.mark.parametrize("name", _forgeries(jwt.encode({"sid": "x"}, b"k" * 32)))
async def test_a_forged_token_is_refused(house: Client, name: str) -> None:
    ada = await join(house, ADA)
    forged = _forgeries(ada.access)[name]
    answer = await house.request("POST", "/graphql", key=forged, json={"query": "{ __typename }"})

    assert answer.status == 401
    (error,) = answer.json["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("This access token is not valid.", "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 2**40},
        {"sid": "9f0c0c0e-0000-4000-8000-000000000000"},
        {"sid": "no uuid", "exp": 2**40},
        {"sid": 5, "exp": 2**40},
        {"sid": None, "exp": 2**40},
        {"sid": "9f0c0c0e-0000-4000-8000-000000000000", "exp": "soon"},
        {"sid": "9f0c0c0e-0000-4000-8000-000000000000", "exp": 2**40},
    ],
)
async def test_a_token_of_our_own_key_that_says_nonsense_is_refused(
    tmp_path: Path, imaging: ImagingPool, claims: dict[str, object]
) -> None:
    async with run_app(make_settings(tmp_path, secret_keys=OLD), imaging) as client:
        token = jwt.encode(claims, Signer([OLD]).derived("access token")[0], algorithm="HS256")
        answer = await client.request("POST", "/graphql", key=token, json={"query": "{ __typename }"})

    assert (answer.status, answer.json["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_a_key_for_links_signs_no_token(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, secret_keys=OLD), imaging) as client:
        ada = await join(client, ADA)
        claims = jwt.decode(ada.access, options={"verify_signature": False})
        for purpose in ("session", "reset password", "upgrade"):
            token = jwt.encode(claims, Signer([OLD]).derived(purpose)[0], algorithm="HS256")
            assert await viewer(client, token) is None


async def test_secret_keys_rotate(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, secret_keys=OLD), imaging) as client:
        old = await join(client, ADA)
    async with run_app(make_settings(tmp_path, secret_keys=f"{NEW},{OLD}"), imaging) as client:
        assert await viewer(client, old.access)
        new = await sign_in(client, ADA)
        forged = jwt.decode(new.access, Signer([NEW]).derived("access token")[0], algorithms=["HS256"])
        assert forged["sid"]
    async with run_app(make_settings(tmp_path, secret_keys=NEW), imaging) as client:
        assert await viewer(client, new.access)
        assert await viewer(client, old.access) is None
        await refresh(client, old.refresh)  # a secret of the database's, signed by nobody
