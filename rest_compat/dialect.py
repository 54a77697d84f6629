"""What a dialect is: routes of its own, and its own words for errors."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.errors import TintypeError
from graphql_api.web import cors
from graphql_api.web.context import WORDS

log = structlog.get_logger(__name__)

RenderError = Callable[[TintypeError, web.Request], web.Response]
Say = Callable[[str, str, web.Request], Awaitable[object]]  # the body of an error by its code and message


@dataclass(frozen=True, slots=True)
class Dialect:
    """One REST vocabulary. `routes` are (method, path, handler)."""

    name: str
    routes: Sequence[tuple[str, str, Handler]]
    render_error: RenderError
    prefix: str  # of all paths that are this dialect's alone
    say: Say


def mount(app: web.Application, dialect: Dialect) -> None:
    """Serve the dialect's routes, those of GET for HEAD as well, failures worded by it."""
    app[WORDS][dialect.prefix] = dialect.say
    for method, path, handler in dialect.routes:
        worded = _worded(handler, dialect.render_error)
        if method == "GET":
            app.router.add_get(path, worded)  # and HEAD
        else:
            app.router.add_route(method, path, worded)
    for path in dict.fromkeys(path for _, path, _ in dialect.routes):
        app.router.add_options(path, cors.allow)


def _worded(handler: Handler, render_error: RenderError) -> Handler:
    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except TintypeError as error:
            if type(error) is TintypeError:
                log.exception("internal_error")
            return render_error(error, request)
        except web.HTTPException:
            raise
        except Exception:
            if request.transport is None or request.transport.is_closing():
                raise  # nobody is there to answer; see web/middleware.py
            log.exception("internal_error")
            return render_error(TintypeError(), request)

    return answer
