"""Strawberry's schema with our way through it: documents are prepared once, and cost before they run.

Plain queries and mutations do without Strawberry's hooks: to enter and leave those of our limits took each time as long
as the query. Streams keep them, as `Prepare` and `Charge`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import strawberry
from graphql import ExecutionResult as Result
from graphql import GraphQLError, OperationDefinitionNode, OperationType, execute
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType as Kind

from schema.context import GraphQLContext
from schema.cost import MAX_COST, Counter
from schema.documents import Document, Prepare, prepare, prepare_for

SUBSCRIPTIONS_NEED = "Subscriptions need text/event-stream or a WebSocket."

_is_awaitable: Any = optimized_is_awaitable  # (graphql-core wants it typed as a guard)
_KINDS = {kind: Kind(kind.value) for kind in OperationType}


class TintypeSchema(strawberry.Schema):
    """A schema whose documents are held to our limits."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to `schema.errors.format_error`: a caller's typing errors deserve none."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: GraphQLContext | None = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[Kind] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """The result. CannotGetOperationTypeError and InvalidOperationTypeError, when nothing was run."""
        assert context_value is not None  # noqa: S101 (mypy: Strawberry's may be)
        introspection = context_value.services.graphql.introspection
        try:
            document = prepare(self._schema, query or "", introspection=introspection)
            operation = document.find(operation_name)
        except Exception as error:  # noqa: BLE001 (as below)
            return PreExecutionError(data=None, errors=[_worded(error)])
        if operation is None:
            raise CannotGetOperationTypeError(operation_name)
        kind = _KINDS[operation.operation]
        if allowed_operation_types is not None and kind not in allowed_operation_types:
            raise InvalidOperationTypeError(kind)
        if document.errors:
            return PreExecutionError(data=None, errors=list(document.errors))
        try:
            cost = await _charge(self, document, operation, variable_values or {}, context_value)
            running = execute(
                self._schema,
                document.node,
                root_value,
                context_value,
                variable_values,
                operation.name.value if operation.name else None,
                executor_class=self.execution_context_class,
                is_awaitable=_is_awaitable,
                operation_extensions=operation_extensions,
            )
            result = running if isinstance(running, Result) else await running
        except Exception as error:  # noqa: BLE001 (it is told, or masked and logged, like those of resolvers)
            return PreExecutionError(data=None, errors=[_worded(error)])
        return ExecutionResult(result.data, result.errors, _told(cost))

    async def stream(self, *asked: Any, **more: Any) -> StreamResult:
        """The results of an operation; what is wrong with the document is one of them, never an exception."""
        return _caught(await super().stream(*asked, **more))


async def _caught(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    """What parsing raises is told, and an operation that is not there by its own words."""
    try:
        async with contextlib.aclosing(results):
            async for result in results:
                for error in result.errors or () if isinstance(result, PreExecutionError) else ():
                    refused = error.original_error
                    if isinstance(refused, CannotGetOperationTypeError | InvalidOperationTypeError):
                        error.original_error = None
                    if isinstance(refused, InvalidOperationTypeError) and refused.operation_type is Kind.SUBSCRIPTION:
                        error.message = SUBSCRIPTIONS_NEED
                yield result
    except GraphQLError as error:
        yield PreExecutionError(data=None, errors=[error])


class Charge(SchemaExtension):
    """What is streamed costs the same, and says so."""

    cost: int | None = None

    async def on_execute(self) -> AsyncIterator[None]:
        """Count it. GraphQLError, RateLimited."""
        context = self.execution_context
        schema: Any = context.schema
        document = prepare_for(context)
        operation = document.find(context._provided_operation_name)  # noqa: SLF001 (the public one is never empty)
        if operation is not None:
            self.cost = await _charge(schema, document, operation, context.variables or {}, context.context)
        yield

    def get_results(self) -> dict[str, Any]:
        """Beside `data`."""
        return {} if self.cost is None else _told(self.cost)


async def _charge(
    schema: TintypeSchema,
    document: Document,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    context: GraphQLContext,
) -> int:
    """What an operation costs, with the variables as they were given, taken from what its team has left.

    GraphQLError for more than MAX_COST, RateLimited for more than is left. A mutation has no time limit.
    """
    if operation.operation is OperationType.MUTATION:
        context.limit.lift()
    cost = Counter(schema._schema, document.fragments, variables).operation(operation)  # noqa: SLF001 (no public one)
    context.meter.cost = total = context.meter.cost + cost
    if total > MAX_COST:
        raise GraphQLError(
            f"The document costs {total}, and may cost {MAX_COST}: ask for fewer items or fields at once.",
            extensions={"code": "TOO_EXPENSIVE", "cost": total, "maximum": MAX_COST},
        )
    context.meter.allowance = await context.services.limits.count_cost(context.principal, cost)
    return cost


def _told(cost: int) -> dict[str, Any]:
    return {"cost": {"requested": cost, "maximum": MAX_COST}}


def _worded(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


EXTENSIONS: list[Callable[[], SchemaExtension]] = [Prepare, Charge]  # of what is streamed
