"""What a request says: its parameters by GET, JSON or form, and the operations in them.

What is no JSON is an InvalidInput, what is but no request a Malformed: the draft of June 2026 tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.errors import InvalidInput
from graphql_api.services.documents import Documents
from graphql_api.web.context import CONTEXT
from graphql_api.web.uploads import parse_json, read_bounded
from schema.limits import MAX_QUERY
from schema.multipart import read_multipart

_JSON = "application/json"
_FORM = "multipart/form-data"
_PARTS = re.compile(r"@(?:defer|stream)\b")
_SHA256 = re.compile(r"[0-9a-f]{64}")

# A browser sends a form across origins without asking; a header of these it would have to ask for.
_PREFLIGHT_HEADERS = ("GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name")


class Malformed(InvalidInput):
    """JSON, but no request of GraphQL over HTTP."""

    code = "bad_request"


@dataclass(frozen=True, slots=True)
class Operation:
    """A well-formed GraphQL-over-HTTP request."""

    query: str
    variables: dict[str, object] | None
    name: str | None

    @property
    def comes_in_parts(self) -> bool:
        """Whether it may ask for its answer in parts."""
        return _PARTS.search(self.query) is not None


async def read_parameters(request: web.Request, principal: Principal, stack: AsyncExitStack) -> object:
    """The request's parameters; files of a form live as long as the stack. InvalidInput, TooLarge, RateLimited."""
    if request.method == "GET":
        return _from_query(request.query)
    content_type = request.content_type if "Content-Type" in request.headers else ""
    if content_type == _JSON:
        return parse_json(await read_bounded(request))
    if content_type != _FORM:
        raise web.HTTPUnsupportedMediaType
    _refuse_forgery(request)
    await request.app[CONTEXT].intake.expect_upload(principal)
    return await read_multipart(request, request.app[CONTEXT].spool, stack, limit=principal.plan.max_file_bytes)


def _refuse_forgery(request: web.Request) -> None:
    """No form of a foreign page may speak for a user: a form must show that somebody asked for it.

    JSON shows it by its content type, and a GET cannot change anything.
    """
    if not any(request.headers.get(name) for name in _PREFLIGHT_HEADERS):
        raise InvalidInput(None, f"A multipart request must carry a header '{_PREFLIGHT_HEADERS[0]}', with any value.")


def _from_query(query: Mapping[str, str]) -> dict[str, object]:
    """The parameters of a GET; an empty one is as good as none."""
    parameters: dict[str, object] = {name: value for name, value in query.items() if value}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = parse_json(str(parameters[name]))
    return parameters


def split_batch(parameters: object, limit: int) -> list[object] | None:
    """The requests of a batch, at most `limit`; None for a request that is no batch. Malformed, as any is for 0."""
    if not isinstance(parameters, list):
        return None
    if limit == 0:
        raise Malformed(None, "A GraphQL request must be a JSON object; batches are not supported here.")
    if not parameters:
        raise Malformed(None, "A batch must have at least one operation.")
    if len(parameters) > limit:
        raise Malformed(None, f"A batch has at most {limit} operations.")
    return parameters


def parse_operation(parameters: object, documents: Documents) -> Operation:
    """The operation. Malformed, NotFound for an unknown digest, Forbidden for a document that is not trusted."""
    if not isinstance(parameters, dict):
        raise Malformed(None, "A GraphQL request must be a JSON object.")
    variables, name = (parameters.get(key) for key in ("variables", "operationName"))
    if not isinstance(variables, dict | None):
        raise Malformed(None, "'variables' must be an object.")
    if not isinstance(name, str | None):
        raise Malformed(None, "'operationName' must be a text.")
    return Operation(_document(parameters, documents), variables, name)


def _document(parameters: Mapping[str, object], documents: Documents) -> str:
    """The document of a request, by itself or by its digest. Malformed, NotFound, Forbidden."""
    query, digest = parameters.get("query"), _digest(parameters)
    if digest is not None and not query:
        return documents.find(digest)
    if not isinstance(query, str) or not query:
        raise Malformed(None, "'query' must be a text.")
    if len(query) > MAX_QUERY:
        raise Malformed(None, f"'query' has at most {MAX_QUERY} characters.")
    if digest is not None:
        documents.register(digest, query)
    documents.admit(query)
    return query


def _digest(parameters: Mapping[str, object]) -> str | None:
    """The digest that a request names its document by: Apollo's extension, or `documentId`. Malformed."""
    extensions, document_id = parameters.get("extensions"), parameters.get("documentId")
    if not isinstance(extensions, dict | None):
        raise Malformed(None, "'extensions' must be an object.")
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None and document_id is None:
        return None
    if isinstance(persisted, dict) and persisted.get("version") == 1:
        document_id = persisted.get("sha256Hash")
    digest = document_id.removeprefix("sha256:").lower() if isinstance(document_id, str) else ""
    if not _SHA256.fullmatch(digest):
        raise Malformed(None, "A document is named by the SHA-256 of its text, in hexadecimal.")
    return digest
