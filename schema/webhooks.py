"""Webhooks: addresses of a team's own that are told what happens, and what was sent there."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

import strawberry

from graphql_api.domain import event as domain
from graphql_api.domain.event import EventType
from graphql_api.domain.media import KEEP
from graphql_api.errors import NotFound, TintypeError
from schema.context import Info
from schema.errors import UserError, not_null, user_error
from schema.node import find_id, format_global_id

_ID = "Global id of the webhook."
_URL = "Where events are sent: http or https, a public address."
_EVENTS = "What it is told of."
_WHY = "Why nothing was done."
_DONE = "The webhook; null when there are errors."


@strawberry.type(description="A message to a webhook.")
class WebhookDelivery:
    """A domain Delivery."""

    id: strawberry.ID = strawberry.field(description="Opaque; good for `redeliverWebhook` and `before`.")
    event: EventType = strawberry.field(description="What it tells of.")
    payload: str = strawberry.field(description="The body that is sent, in JSON.")
    attempts: int = strawberry.field(description="How often it was tried.")
    status: int | None = strawberry.field(description="HTTP status of the last answer; null when there was none.")
    failure: str | None = strawberry.field(description="Why the last attempt failed; null when it did not.")
    created_at: dt.datetime = strawberry.field(description="When it happened.")
    delivered_at: dt.datetime | None = strawberry.field(description="When it arrived; null until then.")
    next_attempt_at: dt.datetime | None = strawberry.field(
        description="When it is tried next; null when it arrived or was given up."
    )


def _present_delivery(delivery: domain.Delivery) -> WebhookDelivery:
    return WebhookDelivery(
        id=format_global_id("WebhookDelivery", delivery.id),
        event=delivery.event,
        payload=delivery.payload,
        attempts=delivery.attempts,
        status=delivery.status,
        failure=delivery.failure,
        created_at=delivery.created_at,
        delivered_at=delivery.delivered_at,
        next_attempt_at=delivery.due_at,
    )


@strawberry.type(description="An address of the team's own that is told what happens.")
class Webhook:
    """A domain Webhook."""

    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")
    url: str = strawberry.field(description="Where events are sent.")
    events: list[EventType] = strawberry.field(description=_EVENTS)
    active: bool = strawberry.field(description="Whether anything is sent.")
    created_at: dt.datetime = strawberry.field(description="When it was made.")
    updated_at: dt.datetime = strawberry.field(description="When it was last changed.")
    key: strawberry.Private[uuid.UUID]

    @strawberry.field(description="What was, or is to be, sent, the latest first; kept for 30 days.")
    async def deliveries(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, at most 50.")] = 20,
        before: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only what is before this one.")
        ] = None,
    ) -> list[WebhookDelivery]:
        context = info.context
        last = _delivery_id(before) if before is not None else None
        found = await context.services.webhooks.deliveries(context.principal, self.key, first, last)
        return [_present_delivery(delivery) for delivery in found]


def _present(webhook: domain.Webhook) -> Webhook:
    return Webhook(
        id=format_global_id("Webhook", webhook.id),
        url=webhook.url,
        events=sorted(webhook.events),
        active=webhook.active,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
        key=webhook.id,
    )


@strawberry.input(description="A webhook to make.")
class CreateWebhookInput:
    """An address and events."""

    url: str = strawberry.field(description=_URL)
    events: list[EventType] = strawberry.field(description=_EVENTS)


@strawberry.input(description="What to change of a webhook; fields that are not given stay.")
class UpdateWebhookInput:
    """An id and what changes."""

    id: strawberry.ID = strawberry.field(description=_ID)
    url: strawberry.Maybe[str | None] = strawberry.field(default=None, description=_URL)
    events: strawberry.Maybe[list[EventType] | None] = strawberry.field(default=None, description=_EVENTS)
    active: strawberry.Maybe[bool | None] = strawberry.field(default=None, description="Whether anything is sent.")


@strawberry.input(description="A webhook that gets a new secret.")
class RotateWebhookSecretInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.input(description="A webhook to remove.")
class DeleteWebhookInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.input(description="A webhook to try out.")
class TestWebhookInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.input(description="A message to send again.")
class RedeliverWebhookInput:
    """An id."""

    delivery_id: strawberry.ID = strawberry.field(description="Id of the delivery.")


@strawberry.type(description="What making a webhook came to.")
class CreateWebhookPayload:
    """A webhook and its secret, or errors."""

    webhook: Webhook | None = strawberry.field(default=None, description=_DONE)
    secret: str | None = strawberry.field(
        default=None, description="What messages are signed with. It is shown this once."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What changing a webhook came to.")
class UpdateWebhookPayload:
    """A webhook or errors."""

    webhook: Webhook | None = strawberry.field(default=None, description=_DONE)
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What giving a webhook a new secret came to.")
class RotateWebhookSecretPayload:
    """A webhook and its secret, or errors."""

    webhook: Webhook | None = strawberry.field(default=None, description=_DONE)
    secret: str | None = strawberry.field(default=None, description="The new secret. It is shown this once.")
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What removing a webhook came to.")
class DeleteWebhookPayload:
    """An id or errors."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="Id of what was removed; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What sending a message of no consequence came to.")
class TestWebhookPayload:
    """A delivery or errors."""

    delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The message, on its way; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What sending a message again came to.")
class RedeliverWebhookPayload:
    """A delivery or errors."""

    delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The message, on its way; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type
class WebhookQuery:
    """What can be asked of webhooks."""

    @strawberry.field(description="The team's webhooks, the oldest first, at most 10; for its admins.")
    async def webhooks(self, info: Info) -> list[Webhook]:
        return [_present(webhook) for webhook in await info.context.services.webhooks.list_all(info.context.principal)]


@strawberry.type
class WebhookMutation:
    """What can be done with webhooks."""

    @strawberry.mutation(description="Make a webhook; for the team's admins.")
    async def create_webhook(self, info: Info, input: CreateWebhookInput) -> CreateWebhookPayload:
        try:
            made, secret = await info.context.services.webhooks.make(info.context.principal, input.url, input.events)
        except TintypeError as error:
            return CreateWebhookPayload(errors=[user_error(error)])
        return CreateWebhookPayload(webhook=_present(made), secret=secret)

    @strawberry.mutation(description="Change a webhook; for the team's admins.")
    async def update_webhook(self, info: Info, input: UpdateWebhookInput) -> UpdateWebhookPayload:
        try:
            changed = await info.context.services.webhooks.update(
                info.context.principal,
                _id_of(input.id),
                not_null("url", input.url.value) if input.url else KEEP,
                not_null("events", input.events.value) if input.events else KEEP,
                not_null("active", input.active.value) if input.active else KEEP,
            )
        except TintypeError as error:
            return UpdateWebhookPayload(errors=[user_error(error)])
        return UpdateWebhookPayload(webhook=_present(changed))

    @strawberry.mutation(description="Give a webhook a new secret; the old one is void at once.")
    async def rotate_webhook_secret(self, info: Info, input: RotateWebhookSecretInput) -> RotateWebhookSecretPayload:
        try:
            found, secret = await info.context.services.webhooks.rotate(info.context.principal, _id_of(input.id))
        except TintypeError as error:
            return RotateWebhookSecretPayload(errors=[user_error(error)])
        return RotateWebhookSecretPayload(webhook=_present(found), secret=secret)

    @strawberry.mutation(description="Remove a webhook, with its log and all that is on its way to it.")
    async def delete_webhook(self, info: Info, input: DeleteWebhookInput) -> DeleteWebhookPayload:
        try:
            await info.context.services.webhooks.delete(info.context.principal, _id_of(input.id))
        except TintypeError as error:
            return DeleteWebhookPayload(errors=[user_error(error)])
        return DeleteWebhookPayload(deleted_id=input.id)

    @strawberry.mutation(description="Send a webhook a message that tells of nothing.")
    async def test_webhook(self, info: Info, input: TestWebhookInput) -> TestWebhookPayload:
        try:
            made = await info.context.services.webhooks.try_out(info.context.principal, _id_of(input.id))
        except TintypeError as error:
            return TestWebhookPayload(errors=[user_error(error)])
        return TestWebhookPayload(delivery=_present_delivery(made))

    @strawberry.mutation(description="Send a message again, as it was, whether it arrived or not.")
    async def redeliver_webhook(self, info: Info, input: RedeliverWebhookInput) -> RedeliverWebhookPayload:
        context = info.context
        try:
            found = await context.services.webhooks.redeliver(context.principal, _delivery_id(input.delivery_id))
        except TintypeError as error:
            return RedeliverWebhookPayload(errors=[user_error(error)])
        return RedeliverWebhookPayload(delivery=_present_delivery(found))


def _id_of(text: str) -> uuid.UUID:
    if (webhook_id := find_id("Webhook", text)) is None:
        raise NotFound("There is no such webhook.")
    return webhook_id


def _delivery_id(text: str) -> uuid.UUID:
    if (delivery_id := find_id("WebhookDelivery", text)) is None:
        raise NotFound("There is no such delivery.")
    return delivery_id
