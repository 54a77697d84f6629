"""Pages that are written here and need no script: templates, and the headers that keep them to themselves."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from graphql_api.errors import Forbidden, TintypeError
from graphql_api.web.context import is_same_origin
from graphql_api.web.errors import error_headers, status_of

# Links in mails have tokens in their addresses: nothing is told to where a page leads, and nothing is loaded but our
# style. (Under `no-referrer` browsers would send our own forms with `Origin: null`, as if they were a stranger's.)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self' https: http:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
)


def render_page(template: str, *, error: TintypeError | None = None, **values: object) -> web.Response:
    """A page, which may say what is wrong. Every value is escaped."""
    text = _templates.get_template(f"{template}.html").render(
        {"note": None, **values, "error": str(error) if error else None}
    )
    status = status_of(error) if error else HTTPStatus.OK
    headers = _HEADERS | (error_headers(error) if error else {})
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def render_viewer(title: str, image: str, values: Mapping[str, object]) -> web.Response:
    """The page of one image, which may come from another host than the page."""
    response = render_page("viewer", error=None, title=title, image=image, **values)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(image))
    response.headers["Content-Security-Policy"] += f"; img-src 'self' {origin}"
    response.headers["Vary"] = "Accept"
    return response


def render_failure(error: TintypeError, title: str = "That did not work") -> web.Response:
    """A page that says what is wrong."""
    return render_page("message", title=title, error=error, action=None)


def see_other(location: str) -> web.Response:
    """Go on there."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**_HEADERS, "Location": location})


def refuse_foreign_form(request: web.Request) -> None:
    """Refuse what a page of another site had a browser send. Forbidden."""
    if not is_same_origin(request):
        raise Forbidden("This form was sent by a page of another site.")
