"""A scene for whatever may be wrong with a credential: two teams, what one of them hides, and how refusals are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql_api.domain.signing import Signer
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Answer, Client
from tests.conftest import make_settings
from tests.people import Clock, Mailbox, Person, act, join, run_settled_app

STRANGE = Signer(["another installation's key " * 2])
HIDDEN = "the name of it.png"


@dataclass(frozen=True, slots=True)
class Scene:
    """A private media of each stage, its owner, and somebody of another team. No rate is limited: guesses are many."""

    client: Client
    mailbox: Mailbox
    clock: Clock
    owner: Person
    stranger: Person
    media: Mapping[bool, Any]

    async def new_key(self, profile: str, **more: object) -> tuple[str, str]:
        """The id and the secret of a key of the owner's team."""
        asked: dict[str, Any] = {"name": "k", "profile": profile} | more
        made = await act(self.client, "createKey", "key { id } secret", key=self.owner.access, **asked)
        return made["key"]["id"], made["secret"]


@asynccontextmanager
async def make_scene(folder: Path, imaging: ImagingPool, clock: Clock, mailbox: Mailbox) -> AsyncIterator[Scene]:
    """The scene, on an application of its own."""
    settings = make_settings(folder, rate_limit_scale=0, smtp_url=mailbox.url)
    async with run_settled_app(settings, imaging) as client:
        owner = await join(client, "owner@example.org", teamName="Engines")
        stranger = await join(client, "stranger@example.org", teamName="Others")
        said = {"public": False, "name": HIDDEN, "caption": HIDDEN}
        media = {
            False: await client.uploaded(pictures.png(), key=owner.access, **said),
            True: await client.uploaded(pictures.png(), key=owner.test_key, **said),
        }
        yield Scene(client, mailbox, clock, owner, stranger, media)


def code(answer: Answer) -> str:
    """What a surface calls it: the code of GraphQL, of the native routes, or type and code of img.pro; or a page."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        return "page"
    if "errors" in answer.json:
        return str(answer.json["errors"][0]["extensions"]["code"])
    error = answer.json["error"]
    return f"{error['type']} {error['code']}" if "type" in error else str(error["code"])
