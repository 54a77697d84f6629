"""The model files of this worker: named when it starts, loaded when they are first needed, then kept for its life."""

from __future__ import annotations

from contextvars import ContextVar

from graphql_api.imaging.jobs import Models

MODELS: ContextVar[Models] = ContextVar("models", default=Models())  # noqa: B039 - it is frozen


class UnusableModelError(Exception):
    """A model file cannot be used. The message says why, to the operator alone: it names the file."""
