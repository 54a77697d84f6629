"""Strawberry's extensions, looked at once: inspecting them for each request took longer than most of them run."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.extensions.context import (
    ExecutingContextManager,
    ExtensionContextManagerBase,
    OperationContextManager,
    ParsingContextManager,
    ValidationContextManager,
    WrappedHook,
)
from strawberry.extensions.runner import SchemaExtensionsRunner


@functools.cache
def _find(kind: Any, name: str) -> tuple[Callable[[SchemaExtension], Any], bool] | None:
    """What makes a context manager of a hook, and whether it is asynchronous; None where a class has no such hook."""
    method: Any = getattr(kind, name)
    if method is getattr(SchemaExtension, name):
        return None
    if inspect.isgeneratorfunction(method):
        return contextlib.contextmanager(method), False
    if inspect.isasyncgenfunction(method):
        return contextlib.asynccontextmanager(method), True
    raise TypeError(f"{kind.__name__}.{name} is no generator.")


class _Looked(ExtensionContextManagerBase):
    def get_hook(self, extension: SchemaExtension) -> WrappedHook | None:
        kind: Any = type(extension)  # (mypy holds that classes have no hash)
        found = _find(kind, self.HOOK_NAME)
        return None if found is None else WrappedHook(extension, functools.partial(found[0], extension), found[1])


class _Operation(_Looked, OperationContextManager):
    pass


class _Parsing(_Looked, ParsingContextManager):
    pass


class _Validation(_Looked, ValidationContextManager):
    pass


class _Executing(_Looked, ExecutingContextManager):
    pass


class Hooks(SchemaExtensionsRunner):
    """The hooks of one operation."""

    def operation(self) -> OperationContextManager:
        """Around everything."""
        return _Operation(self.extensions)

    def parsing(self) -> ParsingContextManager:
        """Around parsing."""
        return _Parsing(self.extensions)

    def validation(self) -> ValidationContextManager:
        """Around validation."""
        return _Validation(self.extensions)

    def executing(self) -> ExecutingContextManager:
        """Around execution."""
        return _Executing(self.extensions)
