"""Which fields of its media a list must read: those that are asked for below it, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from graphql_api.domain.media import OPTIONAL
from schema.context import Info

# By GraphQL's name: what a field of Media, or of something below it, needs of the OPTIONAL fields of a domain Media.
_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "name": frozenset({"name"}),
    "caption": frozenset({"caption"}),
    "altText": frozenset({"alt_text"}),
    "bytes": frozenset({"bytes", "sha256"}),  # those of a rendition are found by the digest
    "sha256": frozenset({"sha256"}),
    "attributes": frozenset({"attributes"}),
    "createdAt": frozenset({"created_at"}),
    "updatedAt": frozenset({"updated_at"}),
    "externalId": frozenset({"external_id"}),
    **dict.fromkeys(("source", "sourceUrl", "sourceMedia", "operation"), frozenset({"origin"})),
    "original": frozenset({"name", "bytes"}),
    "versions": OPTIONAL,  # copies of the whole
    # What is known of a file is kept by its digest.
    **dict.fromkeys(("colorSpace", "exif", "placeholder", "palette", "perceptualHash"), frozenset({"sha256"})),
}
_NOTHING: Final[frozenset[str]] = frozenset()


def needed(info: Info) -> frozenset[str]:
    """The OPTIONAL fields that the field under way needs of its media; rather one too many than one too few."""
    raw = info._raw_info  # noqa: SLF001 (Strawberry's own `selected_fields` converts all of it, arguments too)
    needs, seen = _NOTHING, set[str]()
    for node in raw.field_nodes:
        for name in _names(node.selection_set, raw.fragments, seen):
            needs |= _NEEDS.get(name, _NOTHING)
    return needs


def _names(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[str]:
    """The names of all fields below, at any depth, skipped or not; of each fragment once."""
    for selection in selected.selections if selected else ():
        if isinstance(selection, FieldNode):
            yield selection.name.value
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in seen:
                seen.add(name)
                yield from _names(fragments[name].selection_set, fragments, seen)
        elif isinstance(selection, FieldNode | InlineFragmentNode):
            yield from _names(selection.selection_set, fragments, seen)
