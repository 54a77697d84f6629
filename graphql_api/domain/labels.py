"""Labels and attributes: what a program says of a media, by key. Lists can be filtered by both.

A label is a short value from a small vocabulary (`site=example.com`), found by an index; an attribute is free text.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql_api.domain.text import is_line, is_storable
from graphql_api.errors import InvalidInput

MAX_LABELS = 20
MAX_ATTRIBUTES = 50
_MAX_KEY = 64
_MAX_LABEL = 128  # UTF-16 units: contracts/imgpro.md 1.2
_MAX_VALUE = 1024
_TRIMMED = "\ufeff"  # what JavaScript trims beside white space


def clean_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels, as they are. InvalidInput."""
    _check(labels, "labels", MAX_LABELS)
    for key, value in labels.items():
        if len(value.encode("utf-16-le")) // 2 > _MAX_LABEL:
            raise InvalidInput("labels", f"The label '{key}' has more than {_MAX_LABEL} characters.")
        if not value or "," in value or value != value.strip().strip(_TRIMMED):
            raise InvalidInput("labels", f"The label '{key}' is empty, or has a comma, or white space at an end.")
    return dict(labels)


def clean_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes, as they are. InvalidInput."""
    _check(attributes, "attributes", MAX_ATTRIBUTES)
    for key, value in attributes.items():
        if len(value) > _MAX_VALUE:
            raise InvalidInput("attributes", f"The attribute '{key}' has more than {_MAX_VALUE} characters.")
    return dict(attributes)


def _check(values: Mapping[str, str], name: str, most: int) -> None:
    if len(values) > most:
        raise InvalidInput(name, f"A media has at most {most} {name}.")
    for key, value in values.items():
        if not 1 <= len(key) <= _MAX_KEY or not is_line(key) or key != key.strip():
            raise InvalidInput(name, f"A key of {name} has 1 to {_MAX_KEY} printable characters.")
        if not is_storable(value):
            raise InvalidInput(name, f"'{key}' holds a character that cannot be stored.")
