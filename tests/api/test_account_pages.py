"""The pages of people as a browser meets them: forms, cookies, redirects, policies, and what they never say."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import (
    PASSWORD,
    VIEWER,
    Clock,
    Mailbox,
    act,
    join,
    page_cookie,
    post_form,
    refusal,
    sign_in,
    sign_up,
    token_in,
    viewer,
)

ADA = "ada@example.org"
SIGNING_IN = {"email": ADA, "password": PASSWORD}
PAGES = ("/account/sign-in", "/account/sign-up", "/account/forgot", "/account/reset?token=x", "/account/verify?token=x")
EVIL = "https://evil.example"


async def test_every_page_keeps_to_itself(house: Client) -> None:
    await sign_up(house, ADA)
    cookie = await page_cookie(house, ADA)
    for path in (*PAGES, "/account"):
        answer = await house.get(path, key=None, headers={"Cookie": cookie})
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8", path
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert b"<script" not in answer.body
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"  # addresses have tokens; forms need their origin
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_way_from_signing_up_to_signing_out(house: Client, mailbox: Mailbox) -> None:
    made = await post_form(house, "/account/sign-up", **SIGNING_IN, name="Ada", team_name="Engines")
    assert made.status == 201
    assert b"test_" in made.body
    confirmed = await house.get(await mailbox.link(ADA), key=None)
    assert (confirmed.status, ADA in confirmed.body.decode()) == (200, True)
    cookie = await page_cookie(house, ADA)
    account = await house.get("/account", key=None, headers={"Cookie": cookie})
    assert account.status == 200
    assert all(words in account.body.decode() for words in (ADA, "Engines", "0\n    of 100"))
    out = await post_form(house, "/account/sign-out", cookie=cookie)
    assert (out.status, out.headers["Location"]) == (303, "/account/sign-in")
    assert "Max-Age=0" in out.headers["Set-Cookie"]

    again = await house.get("/account", key=None, headers={"Cookie": cookie})
    assert (again.status, again.headers["Location"]) == (303, "/account/sign-in")


async def test_a_password_is_chosen_anew_by_the_link_of_a_letter(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA)
    cookie = await page_cookie(house, ADA)
    asked = [await post_form(house, "/account/forgot", email=email) for email in (ADA, "nobody@example.org")]
    link = await mailbox.link(ADA, "reset")
    shown = await house.get(link, key=None)
    assert (asked[0].status, asked[0].body) == (asked[1].status, asked[1].body)
    assert token_in(link) in shown.body.decode()
    assert await viewer(house, ada.access)  # to look at the page changes nothing
    short = await post_form(house, "/account/reset", token=token_in(link), password="short")
    assert (short.status, token_in(link) in short.body.decode()) == (422, True)  # one may try again at once
    done = await post_form(house, "/account/reset", token=token_in(link), password="another password")
    again = await post_form(house, "/account/reset", token=token_in(link), password="a third password")

    assert (done.status, again.status) == (200, 403)
    assert (await house.get("/account", key=None, headers={"Cookie": cookie})).status == 303
    await sign_in(house, ADA, "another password")


async def test_a_link_to_confirm_ends_with_a_change_of_the_password(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA)
    token = await mailbox.token(ADA)
    await act(house, "changePassword", key=ada.access, oldPassword=PASSWORD, newPassword="another password")

    assert await refusal(house, "verifyEmail", token=token) == "BAD_SIGNATURE"
    await act(house, "requestVerification", key=ada.access)
    await act(house, "verifyEmail", token=await mailbox.token(ADA))


async def test_a_change_of_password_keeps_this_sign_in_alone(house: Client) -> None:
    await sign_up(house, ADA)
    here, there = await page_cookie(house, ADA), await page_cookie(house, ADA)
    wrong = await post_form(house, "/account/password", cookie=here, old_password="x", new_password="another password")
    right = await post_form(
        house, "/account/password", cookie=here, old_password=PASSWORD, new_password="another password"
    )

    assert (wrong.status, right.status) == (422, 200)
    assert (await house.get("/account", key=None, headers={"Cookie": here})).status == 200
    assert (await house.get("/account", key=None, headers={"Cookie": there})).status == 303


async def test_an_invitation_leads_to_a_seat(house: Client, mailbox: Mailbox) -> None:
    owner = await join(house, "owner@example.org", teamName="Engines <b>")
    await act(house, "inviteMember", key=owner.access, email=ADA)
    link = await mailbox.link(ADA, "invitation")
    shown = (await house.get(link, key=None)).body.decode()
    assert "Engines &lt;b&gt;" in shown
    assert f"/account/sign-up?invitation={token_in(link)}" in shown
    form = await house.get(f"/account/sign-up?invitation={token_in(link)}", key=None)
    assert f'value="{ADA}"' in form.body.decode()
    await sign_up(house, ADA)
    cookie = await page_cookie(house, ADA)
    joined = await post_form(house, "/account/invitation", cookie=cookie, token=token_in(link))
    assert (joined.status, joined.headers["Location"]) == (303, "/account")
    account = await house.get("/account", key=None, headers={"Cookie": cookie})
    assert "Engines &lt;b&gt;" in account.body.decode()

    assert (await house.get(link, key=None)).status == 403
    assert (await house.get(f"/account/sign-up?invitation={token_in(link)}", key=None)).status == 403


# --- forgery


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:1", "http://localhost.evil.example:8000"])
async def test_a_form_of_another_site_is_refused(house: Client, origin: str) -> None:
    await sign_up(house, ADA)
    cookie = await page_cookie(house, ADA)
    forms = {
        "/account/sign-in": SIGNING_IN,
        "/account/sign-up": {"email": "bob@example.org", "password": PASSWORD},
        "/account/sign-out": {},
        "/account/forgot": {"email": ADA},
        "/account/password": {"old_password": PASSWORD, "new_password": "another password"},
        "/account/reset": {"token": "x", "password": PASSWORD},
        "/account/invitation": {"token": "x"},
        "/upgrade/pro": {"plan": "pro"},
    }
    for path, fields in forms.items():
        answer = await post_form(house, path, cookie=cookie, origin=origin, **fields)
        assert answer.status == 403, path
        assert "another site" in answer.body.decode()
        assert "Set-Cookie" not in answer.headers

    assert (await house.get("/account", key=None, headers={"Cookie": cookie})).status == 200
    await sign_in(house, ADA)
    assert await refusal(house, "signIn", email="bob@example.org", password=PASSWORD) == "INVALID_CREDENTIALS"


async def test_a_browser_that_names_no_origin_says_what_the_form_is(house: Client) -> None:
    await sign_up(house, ADA)
    statuses = {}
    for site in ("cross-site", "same-site", "same-origin", "none", None):
        headers = {"Sec-Fetch-Site": site} if site else {}
        answer = await house.request("POST", "/account/sign-in", key=None, data=SIGNING_IN, headers=headers)
        statuses[site] = answer.status

    assert statuses == {"cross-site": 403, "same-site": 403, "same-origin": 303, "none": 303, None: 303}


async def test_a_cookie_speaks_for_nobody_on_a_page_of_another_site(house: Client) -> None:
    await sign_up(house, ADA)
    cookie = await page_cookie(house, ADA)
    mine = house.url.rstrip("/")
    seen = {}
    for origin in (mine, house.settings.public_url, EVIL, "null"):
        headers = {"Cookie": cookie, "Origin": origin}
        answer = await house.request("POST", "/graphql", key=None, headers=headers, json={"query": VIEWER})
        seen[origin] = "errors" not in answer.json
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert seen == {mine: True, house.settings.public_url: True, EVIL: False, "null": False}


# --- cookies


async def test_a_cookie_is_for_us_alone(house: Client) -> None:
    await sign_up(house, ADA)
    answer = await post_form(house, "/account/sign-in", **SIGNING_IN)
    name, *flags = answer.headers["Set-Cookie"].split("; ")

    assert name.startswith("tintype=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"} <= set(flags)
    assert "Secure" not in flags
    assert not any(flag.startswith("Domain") for flag in flags)


async def test_over_tls_a_cookie_is_bound_to_the_host(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, public_url="https://img.example"), imaging) as client:
        await sign_up(client, ADA)
        answer = await post_form(client, "/account/sign-in", origin="https://img.example", **SIGNING_IN)
        name, *flags = answer.headers["Set-Cookie"].split("; ")
        cookie = name.partition("=")[2]
        assert name.startswith("__Host-tintype=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)

        for given, status in ((f"__Host-tintype={cookie}", 200), (f"tintype={cookie}", 303)):
            assert (await client.get("/account", key=None, headers={"Cookie": given})).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://img.example", 303),
        ("https://img.example:443", 303),
        ("http://img.example", 403),
        ("https://img.example:444", 403),
        ("https://[", 403),
        ("https://other.example", 303),  # a second name of ours
        ("http://other.example", 403),
    ],
)
async def test_an_origin_is_scheme_host_and_port(
    tmp_path: Path, imaging: ImagingPool, origin: str, status: int
) -> None:
    host = "other.example" if "other" in origin else "img.example"
    headers = {"Origin": origin, "Host": host}
    async with run_app(make_settings(tmp_path, public_url="https://img.example"), imaging) as client:
        await sign_up(client, ADA)
        answer = await client.request("POST", "/account/sign-in", key=None, data=SIGNING_IN, headers=headers)

        assert answer.status == status


async def test_each_sign_in_has_a_cookie_of_its_own_and_ends_the_one_before(house: Client) -> None:
    await sign_up(house, ADA)
    first = await page_cookie(house, ADA)
    answer = await post_form(house, "/account/sign-in", cookie=first, **SIGNING_IN)
    second = answer.headers["Set-Cookie"].partition(";")[0]

    assert second != first
    assert (await house.get("/account", key=None, headers={"Cookie": first})).status == 303
    assert (await house.get("/account", key=None, headers={"Cookie": second})).status == 200


async def test_a_planted_cookie_does_not_become_a_session(house: Client) -> None:
    await sign_up(house, ADA)
    planted = "tintype=" + "a" * 43 + "." + "b" * 43
    await post_form(house, "/account/sign-in", cookie=planted, **SIGNING_IN)

    assert (await house.get("/account", key=None, headers={"Cookie": planted})).status == 303


@pytest.mark.parametrize("change", ["signature", "token", "cut", "unsigned", "empty"])
async def test_a_cookie_that_was_changed_is_nobody(house: Client, change: str) -> None:
    await sign_up(house, ADA)
    token, _, signature = (await page_cookie(house, ADA)).partition(".")
    changed = {
        "signature": f"{token}.{'A' * len(signature)}",
        "token": f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}.{signature}",
        "cut": f"{token}.{signature[:-1]}",
        "unsigned": token,
        "empty": "tintype=",
    }[change]

    assert (await house.get("/account", key=None, headers={"Cookie": changed})).status == 303


async def test_a_cookie_ends_after_thirty_days(house: Client, clock: Clock) -> None:
    clock.stop()
    await sign_up(house, ADA)
    cookie = await page_cookie(house, ADA)
    clock.forward(days=30, seconds=-1)
    assert (await house.get("/account", key=None, headers={"Cookie": cookie})).status == 200
    clock.forward(seconds=1)

    assert (await house.get("/account", key=None, headers={"Cookie": cookie})).status == 303


# --- where one is sent, and what is not said


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/account", "/account"),
        ("/account/invitation?token=abc.d-e_f", "/account/invitation?token=abc.d-e_f"),
        ("", "/account"),
        (EVIL, "/account"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("/account@evil.example", "/account"),
        ("/account\r\nSet-Cookie: a=b", "/account"),
        ("/account\nx", "/account"),
        ("javascript:alert(1)", "/account"),
        ("/graphql", "/account"),
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(house: Client, asked: str, sent: str) -> None:
    await sign_up(house, ADA)
    form = await house.get("/account/sign-in", key=None, params={"next": asked})
    answer = await post_form(house, "/account/sign-in", **SIGNING_IN, next=asked)

    assert f'name="next" value="{sent}"' in form.body.decode()
    assert (answer.status, answer.headers["Location"]) == (303, sent)
    assert len(answer.headers.getall("Set-Cookie")) == 1  # type: ignore[attr-defined]


async def test_no_password_is_on_a_page_or_in_the_log(house: Client, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "hunter2 hunter2"
    pages = [
        await post_form(house, "/account/sign-up", email="nonsense", password=secret, name="<b>"),
        await post_form(house, "/account/sign-up", email=ADA, password=secret),
        await post_form(house, "/account/sign-up", email=ADA, password=secret),
        await post_form(house, "/account/sign-in", email=ADA, password=secret + "x"),
        await post_form(house, "/account/reset", token="x", password=secret),
    ]
    cookie = await page_cookie(house, ADA, secret)
    pages.append(await post_form(house, "/account/password", cookie=cookie, old_password=secret, new_password="short"))
    pages.append(await post_form(house, "/account/password", cookie=cookie, old_password="x", new_password=secret))
    written = "".join(capsys.readouterr())

    assert [page.status for page in pages] == [422, 201, 409, 422, 403, 422, 422]
    assert not any(secret in page.body.decode() for page in pages)
    assert "<b>" not in pages[0].body.decode()
    assert 'value="&lt;b&gt;"' in pages[0].body.decode()
    assert "/account/sign-in" in written
    assert secret not in written
    assert cookie.partition("=")[2] not in written


async def test_a_form_that_is_none_is_refused_politely(house: Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, status in ((b"\xff=\xff", 400), (b"a" * 20_000, 413), (b"a=b&" * 200, 400), (b"", 422)):
        answer = await house.request("POST", "/account/sign-in", key=None, data=body, headers=headers)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


async def test_pages_are_not_counted_and_a_refused_attempt_says_when_to_come_again(
    tmp_path: Path, imaging: ImagingPool
) -> None:
    async with run_app(make_settings(tmp_path, rate_limit_scale=0.02), imaging) as client:
        statuses = [(await client.get("/account/sign-in", key=None)).status for _ in range(10)]
        answers = [await post_form(client, path, **SIGNING_IN) for path in ("/account/sign-in", "/account/forgot") * 2]

    assert statuses == [200] * 10  # of the API somebody without a key has 6
    assert [answer.status for answer in answers] == [422, 200, 429, 429]
    assert all(0 < int(answer.headers["Retry-After"]) <= 900 for answer in answers[2:])
    assert "RateLimit-Limit" not in answers[0].headers


@pytest.mark.parametrize(("sign_up", "offered"), [("open", True), ("approval", True), ("closed", False)])
async def test_an_account_is_offered_where_one_can_be_made(
    tmp_path: Path, imaging: ImagingPool, sign_up: str, *, offered: bool
) -> None:
    async with run_app(make_settings(tmp_path, sign_up=sign_up), imaging) as client:
        page = await client.get("/account/sign-in", key=None)

        assert (b"/account/sign-up" in page.body) is offered


async def test_what_needs_somebody_sends_nobody_to_sign_in(house: Client) -> None:
    account = await house.get("/account", key=None)
    password = await post_form(house, "/account/password", old_password="x", new_password=PASSWORD)

    assert (account.status, account.headers["Location"]) == (303, "/account/sign-in")
    assert password.status in (303, 401)
