"""What a document may cost before it runs, and the caches that make parsing and validating it again free.

The rules are built once: a rule class made anew for each request would never be found in the validation cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphql import ASTValidationRule
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.extensions.max_aliases import create_validator as alias_limit
from strawberry.extensions.query_depth_limiter import create_validator as depth_limit

MAX_TOKENS = 2000
MAX_DEPTH = 12  # introspection counts as one level
MAX_ALIASES = 50
_CACHED_DOCUMENTS = 256

_RULES: Sequence[type[ASTValidationRule]] = [depth_limit(MAX_DEPTH, None), alias_limit(MAX_ALIASES)]

EXTENSIONS: list[Callable[[], SchemaExtension]] = [
    lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
    lambda: AddValidationRules(list(_RULES)),
    lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
    lambda: ValidationCache(maxsize=_CACHED_DOCUMENTS),
]
