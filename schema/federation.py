"""Tintype as a subgraph of a company's graph (Apollo Federation 2): its SDL with keys, and entities by those keys."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from graphql_api.errors import InvalidInput, NotFound
from schema.build import Query, make_schema, sdl
from schema.context import Info
from schema.engine import TintypeSchema
from schema.media import Collection, Media, present
from schema.media_query import find_nodes

_MAX_ENTITIES = 1000
_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n\n'
_KEYS = {
    "type Media implements Node {": 'type Media implements Node @key(fields: "id") @key(fields: "uid") {',
    "type Collection implements Node {": 'type Collection implements Node @key(fields: "id") {',
    "type PageInfo {": "type PageInfo @shareable {",
}

Representation = NewType("Representation", Mapping[str, object])
Entity = Annotated[Media | Collection, strawberry.union("_Entity", description="What other graphs may refer to.")]


def _parse_representation(value: object) -> Representation:
    if not isinstance(value, dict) or not isinstance(value.get("__typename"), str):
        raise GraphQLError("A representation is an object with a '__typename'.")
    return Representation(value)


ANY: dict[object, ScalarDefinition] = {
    Representation: strawberry.scalar(
        name="_Any",
        description="A key of an entity, with its `__typename`.",
        serialize=lambda value: value,
        parse_value=_parse_representation,
    )
}


@strawberry.type(name="_Service", description="This subgraph.")
class Service:
    """What the gateway composes."""

    sdl: str = strawberry.field(description="Its schema, with the keys of its entities.")


@strawberry.type(name="Query", description="Everything that can be read.")
class SubgraphQuery(Query):
    """Query, and what a gateway asks."""

    @strawberry.field(name="_service", description="This subgraph.")
    def service(self) -> Service:
        return Service(sdl=subgraph_sdl())

    @strawberry.field(name="_entities", description="Entities by their keys, in order; null for each not there.")
    async def entities(
        self,
        info: Info,
        representations: Annotated[list[Representation], strawberry.argument(description="At most 1000 keys.")],
    ) -> list[Entity | None]:
        if len(representations) > _MAX_ENTITIES:
            raise InvalidInput("representations", f"'representations' has at most {_MAX_ENTITIES} items.")
        found = await find_nodes(info, [str(item.get("id", "")) for item in representations])
        return [
            node if isinstance(node, Media | Collection) and _names(item, node) else await _by_uid(info, item)
            for item, node in zip(representations, found, strict=True)
        ]


def _names(item: Representation, node: Media | Collection) -> bool:
    return item["__typename"] == type(node).__name__


async def _by_uid(info: Info, item: Representation) -> Media | None:
    uid = item.get("uid")
    if item["__typename"] != "Media" or "id" in item or not isinstance(uid, str):
        return None
    try:
        return present(await info.context.library.get_by_uid(info.context.principal, uid))
    except NotFound:
        return None


@functools.cache
def subgraph_sdl() -> str:
    """The SDL that a gateway composes: ours, with keys, and without what every subgraph has."""
    text = sdl()
    for plain, keyed in _KEYS.items():
        if plain not in text:
            raise ValueError(plain)
        text = text.replace(plain, keyed)
    return _LINK + text


@functools.cache
def subgraph(*, in_parts: bool) -> TintypeSchema:
    """The schema with what a gateway asks, with `@defer` and `@stream` or not, built when it is first used."""
    return make_schema(SubgraphQuery, ANY, incremental=in_parts)
