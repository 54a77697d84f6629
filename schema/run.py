"""Where operations run, however they came: held to their limits of time and size, their errors as they may be told.

HTTP takes one answer from `run`; events, parts and sockets take what `stream` gives, and only send it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_api.domain.account import Principal
from graphql_api.domain.limits import GraphQLRules
from graphql_api.web.context import CONTEXT
from schema.answers import plain_error, present_result, too_large
from schema.build import SCHEMA, schema_in_parts
from schema.context import GraphQLContext
from schema.cost import Meter
from schema.engine import SUBSCRIPTIONS_NEED, TintypeSchema
from schema.federation import subgraph
from schema.requests import Operation
from schema.waiting import TimeLimit

_READING = frozenset({OperationType.QUERY})
_ANY = frozenset({OperationType.QUERY, OperationType.MUTATION})


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and what the operations of one request share. `again` looks up anew who asks."""

    request: web.Request
    principal: Principal
    again: Callable[[], Awaitable[Principal]]
    meter: Meter = field(default_factory=Meter)

    @property
    def rules(self) -> GraphQLRules:
        """What GraphQL takes and tells here."""
        return self.request.app[CONTEXT].graphql

    def context(self, limit: TimeLimit) -> GraphQLContext:
        """The context of one operation."""
        services, agent = self.request.app[CONTEXT], self.request.headers.get("User-Agent", "")
        return GraphQLContext(self.principal, services, agent, self.again, self.meter, limit)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers to an operation, and the JSON of it."""

    body: dict[str, Any]
    content: bytes


async def run(operation: Operation, call: Call, until: float) -> dict[str, Any]:
    """The answer to a query or a mutation, which a GET must not be.

    Only a query is ended when its time is over: all that a mutation does has time limits of its own, and Tortoise,
    interrupted where a transaction begins, would keep its connection for ever.
    """
    limit = TimeLimit(call.rules.seconds)
    kinds = _READING if call.request.method == "GET" else _ANY
    try:
        async with limit.step(until):
            result = await _schema(call.rules, in_parts=False).execute(
                operation.query,
                variable_values=operation.variables,
                context_value=call.context(limit),
                operation_name=operation.name,
                allowed_operation_types=kinds,
            )
    except TimeoutError:
        return {"errors": [_took_too_long(call)]}
    except CannotGetOperationTypeError as error:
        unknown = GraphQLError(f"{error.as_http_error_reason().rstrip('.')}.")
        result = PreExecutionError(data=None, errors=[unknown])
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.MUTATION:
            raise web.HTTPMethodNotAllowed(call.request.method, ["POST"]) from error
        needs = GraphQLError(SUBSCRIPTIONS_NEED)
        result = PreExecutionError(data=None, errors=[needs])
    return present_result(result, call.request)


async def stream(operation: Operation, call: Call, kinds: AbstractSet[OperationType]) -> AsyncGenerator[Answer, None]:
    """The answers to an operation of one of these kinds: the only one, those to events, or its parts.

    Each event, and all parts together, are as large as an answer may be; each takes as long as one may. What passes
    that is told so, and is the last.
    """
    limit = TimeLimit(call.rules.seconds)
    results = await _schema(call.rules, in_parts=operation.comes_in_parts).stream(
        operation.query,
        variable_values=operation.variables,
        context_value=call.context(limit),
        operation_name=operation.name,
        allowed_operation_types=kinds,
    )
    size, pending = 0, dict[str, None]()  # bytes of the parts, and those that are still to come
    async with contextlib.aclosing(results):
        while True:
            try:
                async with limit.step():
                    result = await anext(results, None)
            except TimeoutError:
                yield _last(_took_too_long(call), pending)
                return
            if result is None:
                return
            body = present_result(result, call.request)
            content = orjson.dumps(body)
            size = len(content) + (size if "hasNext" in body else 0)
            if size > call.rules.max_response_bytes:
                yield _last(too_large(size, call.request), pending)
                return
            pending |= dict.fromkeys(part["id"] for part in body.get("pending", ()))
            for part in body.get("completed", ()):
                pending.pop(part["id"], None)
            yield Answer(body, content)


def _schema(rules: GraphQLRules, *, in_parts: bool) -> TintypeSchema:
    if rules.federation:
        return subgraph(in_parts=in_parts)
    return schema_in_parts() if in_parts else SCHEMA


def _took_too_long(call: Call) -> dict[str, Any]:
    seconds = call.rules.seconds
    message = f"The query took more than {seconds:g} seconds, and was ended: ask for fewer items or fields at once."
    return plain_error(message, "EXECUTION_TIMEOUT", call.request)


def _last(error: dict[str, Any], pending: Collection[str]) -> Answer:
    """What is told in the place of an answer, or of all the parts that are still to come."""
    body: dict[str, Any] = {"errors": [error]}
    if pending:
        body = {"completed": [{"id": part, "errors": [error]} for part in pending], "hasNext": False}
    return Answer(body, orjson.dumps(body))
