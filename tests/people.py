"""People as tests need them: who they are, what they ask, and the letters that reach them."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from tests.client import Answer, Client
from tests.conftest import run_app

PASSWORD = "correct horse battery"
_LINK = re.compile(r"https?://\S+[?&]token=[\w.-]+")
_STATUS = ("approveUser", "suspendUser", "reinstateUser")
_PATIENCE = 30.0


class Clock:
    """The time of an application, which tests move."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta(0)
        self.fixed: dt.datetime | None = None

    def __call__(self) -> dt.datetime:
        return (self.fixed or dt.datetime.now(dt.UTC)) + self.ahead

    def forward(self, **time: float) -> None:
        """Let so much time pass."""
        self.ahead += dt.timedelta(**time)

    def stop(self, moment: dt.datetime | None = None) -> dt.datetime:
        """Stand still, here or at a moment."""
        self.fixed, self.ahead = moment or self(), dt.timedelta(0)
        return self.fixed


@dataclass(slots=True)
class Mailbox:
    """An SMTP server that keeps what it is given."""

    url: str = ""
    letters: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, __: SmtpSession, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.original_content or b""
        letter: EmailMessage = message_from_bytes(content, policy=modern)
        self.letters.append((list(envelope.rcpt_tos), letter))
        return "250 OK"

    async def letter(self, to: str, words: str = "") -> EmailMessage:
        """The latest letter to this address that has these words, once it is there; it is taken out."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                for at in reversed(range(len(self.letters))):
                    recipients, letter = self.letters[at]
                    if recipients == [to] and words in letter.get_content():
                        return self.letters.pop(at)[1]
                await asyncio.sleep(0.01)

    async def link(self, to: str, purpose: str = "") -> str:
        """The link in the latest letter to this address."""
        text = (await self.letter(to, f"/account/{purpose}")).get_content()
        (found,) = _LINK.findall(text)
        return str(found)

    async def token(self, to: str, purpose: str = "") -> str:
        """What stands behind `token=` in it."""
        return token_in(await self.link(to, purpose))


def token_in(link: str) -> str:
    return link.partition("token=")[2]


def links_in(text: str) -> list[str]:
    return _LINK.findall(text)


@asynccontextmanager
async def open_mailbox() -> AsyncIterator[Mailbox]:
    """A mailbox on the loopback."""
    mailbox = Mailbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    mailbox.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def run_settled_app(settings: Settings, imaging: ImagingPool) -> AsyncIterator[Client]:
    """As `run_app`, once the housekeeping of the start is over: a clock that jumps makes it take all files for old."""
    orphan = settings.media_folder / "blobs" / "ab" / "cd" / ("abcd" + "0" * 60)
    orphan.parent.mkdir(parents=True)
    orphan.touch()
    os.utime(orphan, (0, 0))
    async with run_app(settings, imaging) as running:
        await eventually(lambda: not orphan.exists())
        yield running


async def ask(client: Client, mutation: str, fields: str = "", /, *, key: str | None = None, **values: object) -> Any:
    """The whole answer to a mutation whose input has these values; without any it takes no input."""
    kind = "UserStatusInput" if mutation in _STATUS else f"{mutation[0].upper()}{mutation[1:]}Input"
    chosen = f"{{ {fields} errors {{ __typename code message path }} }}"
    if not values:
        return await client.graphql(f"mutation {{ {mutation} {chosen} }}", key=key)
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {chosen} }}"
    return await client.graphql(document, {"input": values}, key=key)


async def act(client: Client, mutation: str, fields: str = "", /, *, key: str | None = None, **values: object) -> Any:
    """The payload of a mutation that does what it is asked."""
    answer = await ask(client, mutation, fields, key=key, **values)
    assert "errors" not in answer, answer
    payload = answer["data"][mutation]
    assert payload.pop("errors") == [], answer
    return payload


async def refusal(
    client: Client, mutation: str, fields: str = "", /, *, key: str | None = None, **values: object
) -> str:
    """The code with which a mutation is refused, be it as data or at the top."""
    answer = await ask(client, mutation, fields, key=key, **values)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    (error,) = answer["data"][mutation]["errors"]
    return str(error["code"])


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until it is so: what goes on after an answer is soon done."""
    async with asyncio.timeout(_PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


async def until_logged(capsys: pytest.CaptureFixture[str], words: str) -> str:
    """All that was logged since it was last read, once the words are in it."""
    written = ""

    def there() -> bool:
        nonlocal written
        written += "".join(capsys.readouterr())
        return words in written

    await eventually(there)
    return written


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    id: str
    email: str
    access: str
    refresh: str
    test_key: str | None = None


async def sign_up(client: Client, email: str, **more: object) -> Mapping[str, Any]:
    """The payload of a sign-up that succeeds."""
    values: dict[str, Any] = {"email": email, "password": PASSWORD} | more
    return dict(await act(client, "signUp", "testKey user { id status emailVerifiedAt }", **values))


async def sign_in(client: Client, email: str, password: str = PASSWORD) -> Person:
    """A person who comes in."""
    tokens = await act(client, "signIn", "accessToken refreshToken user { id email }", email=email, password=password)
    return Person(tokens["user"]["id"], tokens["user"]["email"], tokens["accessToken"], tokens["refreshToken"])


async def join(client: Client, email: str, **more: object) -> Person:
    """A new person, signed in."""
    made = await sign_up(client, email, **more)
    person = await sign_in(client, email)
    return Person(person.id, person.email, person.access, person.refresh, made["testKey"])


async def bring(client: Client, mailbox: Mailbox, owner: Person, email: str, role: str) -> Person:
    """A new person whom the owner has brought into their team."""
    await act(client, "inviteMember", key=owner.access, email=email, role=role)
    await sign_up(client, email, invitation=await mailbox.token(email, "invitation"))
    return await sign_in(client, email)


VIEWER = "{ viewer { user { email } team { id name } key { name } teams { id name role current } } }"


async def viewer(client: Client, credential: str) -> Any:
    """What the credential is taken for; None when it is refused."""
    answer = await client.graphql(VIEWER, key=credential)
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", answer
        return None
    return answer["data"]["viewer"]


async def post_form(
    client: Client, path: str, *, cookie: str | None = None, origin: str | None = "", **fields: str
) -> Answer:
    """A form as a browser sends it from a page of ours, or of another `origin`."""
    headers = {"Cookie": cookie} if cookie else {}
    if origin is not None:
        headers["Origin"] = origin or client.url.rstrip("/")
    return await client.request("POST", path, key=None, data=fields, headers=headers)


async def page_cookie(client: Client, email: str, password: str = PASSWORD) -> str:
    """The cookie of who signs in on the page, as a browser sends it back."""
    answer = await post_form(client, "/account/sign-in", email=email, password=password)
    assert answer.status == 303, answer
    return answer.headers["Set-Cookie"].partition(";")[0]
