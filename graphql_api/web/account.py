"""The pages of people: signing up, in and out, confirming an address, choosing a password, joining a team."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.domain.account import Principal, Status
from graphql_api.domain.session import LIFETIME
from graphql_api.errors import InvalidInput, TintypeError
from graphql_api.services.people import SignUp
from graphql_api.web.context import CONTEXT, cookie_name, identify
from graphql_api.web.html import refuse_foreign_form, render_failure, render_page, see_other
from graphql_api.web.uploads import read_form

_HOME = "/account"
_LOCAL = re.compile(r"/account[A-Za-z0-9/?=._%-]*")  # where one may be sent after signing in

Page = Callable[[web.Request, Principal], Awaitable[web.Response]]


def _page(page: Page) -> Handler:
    """A handler: who calls is known, forms of other sites are refused, and failures are pages."""

    @functools.wraps(page)
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if request.method == "POST":
                refuse_foreign_form(request)
            return await page(request, await identify(request))
        except TintypeError as error:
            if type(error) is TintypeError:
                raise
            return render_failure(error)

    return handle


@_page
async def get_account(request: web.Request, principal: Principal) -> web.Response:
    """GET /account: who is signed in, and what their team has used."""
    return await _account(request, principal)


async def _account(
    request: web.Request, principal: Principal, *, error: TintypeError | None = None, note: str | None = None
) -> web.Response:
    if principal.user is None:
        return see_other("/account/sign-in")
    quota = await request.app[CONTEXT].quotas.get(principal) if principal.team else None
    return render_page(
        "account",
        title="Your account",
        error=error,
        note=note,
        user=principal.user,
        team=principal.team,
        quota=quota,
    )


@_page
async def get_sign_in(request: web.Request, _: Principal) -> web.Response:
    """GET /account/sign-in."""
    return _sign_in_page(request, _local(request.query.get("next", "")))


def _sign_in_page(
    request: web.Request, next_page: str, email: str = "", error: TintypeError | None = None
) -> web.Response:
    is_open = request.app[CONTEXT].people.door.sign_up != "closed"
    return render_page("sign_in", title="Sign in", error=error, next=next_page, email=email, open=is_open)


@_page
async def post_sign_in(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/sign-in: sets the cookie, always a new one."""
    form = await read_form(request)
    context, next_page = request.app[CONTEXT], _local(form.get("next", ""))
    agent = request.headers.get("User-Agent", "")
    try:
        cookie = await context.sign_ins.sign_in_page(principal, form.get("email", ""), form.get("password", ""), agent)
    except TintypeError as error:
        return _sign_in_page(request, next_page, form.get("email", ""), error)
    response = see_other(next_page)
    _set_cookie(response, context.public_url, cookie, int(LIFETIME.total_seconds()))
    return response


def _set_cookie(response: web.Response, public_url: str, value: str, seconds: int) -> None:
    name, secure = cookie_name(public_url), public_url.startswith("https://")
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=secure)


@_page
async def post_sign_out(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/sign-out."""
    context = request.app[CONTEXT]
    if principal.session is not None:
        await context.sign_ins.sign_out(principal)
    response = see_other("/account/sign-in")
    _set_cookie(response, context.public_url, "", 0)
    return response


@_page
async def get_sign_up(request: web.Request, _: Principal) -> web.Response:
    """GET /account/sign-up, with or without an invitation."""
    token = request.query.get("invitation", "")
    email = (await request.app[CONTEXT].teams.read_invitation(token))[1].email if token else ""
    return _sign_up_page({"invitation": token, "email": email})


def _sign_up_page(form: dict[str, str], error: TintypeError | None = None) -> web.Response:
    known = {name: form.get(name, "") for name in ("invitation", "email", "name", "team_name")}
    return render_page("sign_up", title="Make an account", error=error, **known)


@_page
async def post_sign_up(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/sign-up."""
    form = await read_form(request)
    optional = (form.get(name) or None for name in ("name", "team_name", "invitation"))
    try:
        asked = SignUp(form.get("email", ""), form.get("password", ""), *optional)
        made = await request.app[CONTEXT].people.sign_up(principal, asked)
    except TintypeError as error:
        return _sign_up_page(form, error)
    response = render_page(
        "signed_up",
        title="Your account is made",
        note=None if asked.invitation else f"A link to confirm your address was sent to {made.user.email}.",
        test_key=made.test_key,
        pending=made.user.status is Status.PENDING,
    )
    response.set_status(HTTPStatus.CREATED)
    return response


@_page
async def get_verify(request: web.Request, principal: Principal) -> web.Response:
    """GET /account/verify?token=: what the link of a mail leads to."""
    token = request.query.get("token", "")
    user = await request.app[CONTEXT].people.verify_email(token, principal.address)
    return _done("Thank you", f"{user.email} is confirmed.", "Go on", _HOME)


@_page
async def get_forgot(_: web.Request, __: Principal) -> web.Response:
    """GET /account/forgot."""
    return render_page("forgot", title="Choose another password")


@_page
async def post_forgot(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/forgot: says the same whether there is such a person or not."""
    form = await read_form(request)
    await request.app[CONTEXT].people.request_reset(principal, form.get("email", ""))
    note = "If somebody has this address here, a link was sent to it."
    return _done("Look into your mail", note, "Sign in", "/account/sign-in")


@_page
async def get_reset(request: web.Request, _: Principal) -> web.Response:
    """GET /account/reset?token=: what the link of a mail leads to. Nothing happens before a password is chosen."""
    return _reset_page(request.query.get("token", ""))


def _reset_page(token: str, error: TintypeError | None = None) -> web.Response:
    return render_page("reset", title="Choose another password", error=error, token=token)


@_page
async def post_reset(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/reset."""
    form = await read_form(request)
    token, password = form.get("token", ""), form.get("password", "")
    try:
        await request.app[CONTEXT].people.reset_password(token, password, principal.address)
    except InvalidInput as error:
        if error.field != "password":
            raise
        return _reset_page(token, error)
    return _done("Your password is changed", "All other sign-ins have ended.", "Sign in", "/account/sign-in")


@_page
async def post_password(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/password."""
    form = await read_form(request)
    old, new = form.get("old_password", ""), form.get("new_password", "")
    try:
        await request.app[CONTEXT].people.change_password(principal, old, new)
    except TintypeError as error:
        return await _account(request, principal, error=error)
    return await _account(request, principal, note="Your password is changed; all other sign-ins have ended.")


@_page
async def get_invitation(request: web.Request, principal: Principal) -> web.Response:
    """GET /account/invitation?token=: what the link of a mail leads to."""
    token = request.query.get("token", "")
    team, invitation = await request.app[CONTEXT].teams.read_invitation(token)
    return render_page(
        "invitation",
        title="An invitation",
        team=team,
        invitation=invitation,
        user=principal.user,
        token=token,
        here=str(request.rel_url),
    )


@_page
async def post_invitation(request: web.Request, principal: Principal) -> web.Response:
    """POST /account/invitation: take the seat, and work in that team."""
    form = await read_form(request)
    teams = request.app[CONTEXT].teams
    team, _ = await teams.accept(principal, form.get("token", ""))
    await teams.switch(principal, team.id)
    return see_other(_HOME)


@_page
async def get_upgrade(request: web.Request, _: Principal) -> web.Response:
    """GET /upgrade/{plan}?t=&exp=&sig=: the plans that a full quota leads to; it needs no sign-in."""
    upgrades = request.app[CONTEXT].upgrades
    offer = await upgrades.open(request.match_info["plan"], request.query)
    return render_page("plans", title="A larger plan", offer=offer, possible=upgrades.is_possible)


@_page
async def post_upgrade(request: web.Request, _: Principal) -> web.Response:
    """POST /upgrade/{plan}: tell the operator which plan is wanted."""
    upgrades = request.app[CONTEXT].upgrades
    offer = await upgrades.open(request.match_info["plan"], request.query)
    location = await upgrades.choose(offer, (await read_form(request)).get("plan", ""))
    if location is not None:
        return see_other(location)
    return render_page("message", title="Thank you", note="The operator of this server was told.", action=None)


def _done(title: str, note: str, label: str, url: str) -> web.Response:
    return render_page("message", title=title, note=note, action={"label": label, "url": url})


def _local(location: str) -> str:
    """Where to go on: within these pages, or to their home."""
    return location if _LOCAL.fullmatch(location) else _HOME


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/account", get_account),
    ("GET", "/account/sign-in", get_sign_in),
    ("POST", "/account/sign-in", post_sign_in),
    ("POST", "/account/sign-out", post_sign_out),
    ("GET", "/account/sign-up", get_sign_up),
    ("POST", "/account/sign-up", post_sign_up),
    ("GET", "/account/verify", get_verify),
    ("GET", "/account/forgot", get_forgot),
    ("POST", "/account/forgot", post_forgot),
    ("GET", "/account/reset", get_reset),
    ("POST", "/account/reset", post_reset),
    ("POST", "/account/password", post_password),
    ("GET", "/account/invitation", get_invitation),
    ("POST", "/account/invitation", post_invitation),
    ("GET", "/upgrade/{plan}", get_upgrade),
    ("POST", "/upgrade/{plan}", post_upgrade),
)
