"""The way to a larger plan: what a signed link offers, and how the operator is told. No payments here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from graphql_api.db import teams
from graphql_api.domain.account import Team
from graphql_api.domain.plan import Plan, Plans
from graphql_api.domain.signing import Signer
from graphql_api.errors import Action, BadSignature, InvalidInput, NotConfigured
from graphql_api.remote import webhook

_PURPOSE = "upgrade"
_LINK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link offers: plans to choose from, the one that it names first in mind."""

    team: Team
    plan: Plan
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """Where the operator sells: a page to send people to, a webhook to tell, either, or neither."""

    url: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""


class Upgrades:
    """Makes and opens upgrade links."""

    def __init__(
        self, *, plans: Plans, office: Office, signer: Signer, public_url: str, clock: Callable[[], dt.datetime]
    ) -> None:
        self._plans = plans
        self._office = office
        self._signer = signer
        self._public_url = public_url
        self._clock = clock

    def action(self, team: Team, current: Plan) -> Action | None:
        """The way to the next larger plan, which needs no sign-in, for a week; None when there is no larger one."""
        if (plan := self._plans.above(current)) is None:
            return None
        expires = int((self._clock() + dt.timedelta(days=_LINK_DAYS)).timestamp())
        signature = self._signer.sign(_PURPOSE, _signed(plan.name, str(team.id), str(expires)))
        query = urlencode({"t": team.id, "exp": expires, "sig": signature})
        return Action("upgrade", f"Upgrade to {plan.title}", url=f"{self._public_url}/upgrade/{plan.name}?{query}")

    async def open(self, plan_name: str, query: Mapping[str, str]) -> Offer:
        """What a link offers. BadSignature."""
        team_id, expires, signature = (query.get(name, "") for name in ("t", "exp", "sig"))
        if not self._signer.verify(_PURPOSE, _signed(plan_name, team_id, expires), signature):
            raise BadSignature("This link is not valid.")
        if int(expires) <= self._clock().timestamp():
            raise BadSignature("This link has expired.")
        team, plan = await teams.find_by_id(int(team_id)), self._plans.by_name.get(plan_name)
        if team is None or plan is None:
            raise BadSignature("This link is not valid any more.")
        return Offer(team, plan, tuple(self._plans.offered()))

    async def choose(self, offer: Offer, plan_name: str) -> str | None:
        """Tell the operator; the page of theirs to go to, if any. InvalidInput, NotConfigured, UpstreamFailed."""
        if not self.is_possible:
            raise NotConfigured("Ask the operator of this server for a larger plan.")
        if (plan := next((plan for plan in offer.plans if plan.name == plan_name), None)) is None:
            raise InvalidInput("plan", "There is no such plan.")
        if self._office.webhook_url:
            event = {
                "type": "plan.requested",
                "team": offer.team.name,
                "storage": offer.team.storage,
                "plan": plan.name,
                "at": self._clock().isoformat(),
            }
            await webhook.post(self._office.webhook_url, self._office.webhook_secret, event)
        if not self._office.url:
            return None
        return self._office.url.replace("{team}", _segment(offer.team.name)).replace("{plan}", _segment(plan.name))

    @property
    def is_possible(self) -> bool:
        """Whether anything comes of a choice; if not, people must ask the operator themselves."""
        return bool(self._office.url or self._office.webhook_url)


def _segment(name: str) -> str:
    """The name as one segment of a path; browsers walk with one of dots alone, however it is escaped."""
    return quote(name, safe="") if name.strip(".") else f"{name}%20"


def _signed(plan: str, team_id: str, expires: str) -> str:
    return f"{plan}\n{team_id}\n{expires}"
