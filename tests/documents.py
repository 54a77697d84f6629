"""Documents for a schema, as hypothesis draws them: fields, aliases, fragments of both kinds, @skip and @include."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

_DEPTH = 4
_VARIABLES = {"one": "", "other": "", "usual": "true"}  # and what they are unless given
_KINDS = ["field"] * 8 + ["inline", "named"]

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
Allowed = Callable[[str, GraphQLField], bool]


@dataclass
class Drawn:
    """A document and the variables that it is run with."""

    text: str
    variables: dict[str, bool] = field(default_factory=dict)


@st.composite
def documents(draw: st.DrawFn, schema: GraphQLSchema, allowed: Allowed = lambda *_: True) -> Drawn:
    """A valid document that asks for `allowed` fields (by the name of their type)."""
    fragments: list[str] = []
    query = schema.query_type
    assert query is not None
    body = _Drawing(draw, schema, allowed, fragments).selections(query, _DEPTH)
    text = "\n".join([body, *fragments])
    used = {name: default for name, default in _VARIABLES.items() if f"${name})" in text}
    declared = ", ".join(f"${name}: Boolean!{f' = {default}' if default else ''}" for name, default in used.items())
    given = {name: draw(st.booleans()) for name, default in used.items() if not default or draw(st.booleans())}
    return Drawn(f"query{f' ({declared})' if declared else ''} {text}", given)


@dataclass
class _Drawing:
    draw: st.DrawFn
    schema: GraphQLSchema
    allowed: Allowed
    fragments: list[str]

    def selections(self, parent: Composite, depth: int) -> str:
        drawn = [self._selection(parent, depth) for _ in range(self.draw(st.sampled_from((1, 2, 2, 3, 4))))]
        return "{ " + " ".join(drawn) + " }"

    def _selection(self, parent: Composite, depth: int) -> str:
        kind = self.draw(st.sampled_from(_KINDS)) if depth else "field"
        if kind == "field":
            return self._field(parent, depth)
        condition = self.draw(st.sampled_from(self._conditions(parent)))
        body = self.selections(condition, depth - 1)
        if kind == "inline":
            named = f" on {condition.name}" if condition is not parent or self.draw(st.booleans()) else ""
            return f"...{named}{self._directives()} {body}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {condition.name} {body}")
        return f"...{name}{self._directives()}"

    def _conditions(self, parent: Composite) -> list[Composite]:
        """The parent itself, and what shares an object type with it."""
        possible = {parent} if isinstance(parent, GraphQLObjectType) else {*self.schema.get_possible_types(parent)}
        abstract = [kind for kind in self.schema.type_map.values() if isinstance(kind, GraphQLInterfaceType)]
        overlapping = [kind for kind in abstract if possible & {*self.schema.get_possible_types(kind)}]
        return [parent, *sorted(possible - {parent}, key=str), *(kind for kind in overlapping if kind is not parent)]

    def _field(self, parent: Composite, depth: int) -> str:
        fields = {} if isinstance(parent, GraphQLUnionType) else parent.fields
        usable = [
            name
            for name, each in fields.items()
            if self.allowed(parent.name, each)
            and not any(map(is_required_argument, each.args.values()))
            and (depth or is_leaf_type(get_named_type(each.type)))
        ]
        name = self.draw(st.sampled_from(["__typename", *usable * 2]))
        if any(arg.type is GraphQLInt for arg in (fields[name].args.values() if name in fields else ())):
            return self._call(parent, name, fields[name], depth)
        # The same alias for the same field of the same type alone: nothing else can be merged with it.
        alias = self.draw(st.sampled_from([None, None, f"{parent.name}_{name}_1"]))
        shown = alias or (f"{parent.name}_{name}" if isinstance(parent, GraphQLInterfaceType) else None)
        text = f"{shown}: {name}" if shown else name
        if name == "__typename" or is_leaf_type(kind := get_named_type(fields[name].type)):
            return text + self._directives()
        assert isinstance(kind, Composite)
        return f"{text}{self._directives()} {self.selections(kind, depth - 1)}"

    def _call(self, parent: Composite, name: str, field: GraphQLField, depth: int) -> str:
        """A field with a number for its arguments, which is in the alias as well."""
        number = self.draw(st.integers(0, 2))
        given = ", ".join(f"{arg}: {number}" for arg, each in field.args.items() if each.type is GraphQLInt)
        text = f"{parent.name}_{name}_with_{number}: {name}({given}){self._directives()}"
        kind = get_named_type(field.type)
        return text if is_leaf_type(kind) else f"{text} {self.selections(cast('Composite', kind), depth - 1)}"

    def _directives(self) -> str:
        if self.draw(st.integers(0, 3)):
            return ""
        condition = self.draw(st.sampled_from([*(f"${name}" for name in _VARIABLES), "true", "false"]))
        return f" @{self.draw(st.sampled_from(['skip', 'include']))}(if: {condition})"
