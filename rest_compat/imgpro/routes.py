"""img.pro's routes, all generations; which words they speak is decided in generation.py."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from graphql_api import __version__
from graphql_api.web.context import CONTEXT, authenticate
from graphql_api.web.errors import json_response
from rest_compat.dialect import Dialect
from rest_compat.imgpro import images, viewer
from rest_compat.imgpro.errors import render_error, say
from rest_compat.imgpro.present import present_usage, quota_headers

_OPENAPI = Path(__file__).with_name("openapi.yaml").read_bytes()


async def get_usage(request: web.Request) -> web.Response:
    """GET /v1/usage: what the team has used of its plan."""
    principal = await authenticate(request)
    quota = await request.app[CONTEXT].quotas.get(principal)
    return json_response(present_usage(quota), headers={"Cache-Control": "no-store"} | quota_headers(quota))


async def get_service(request: web.Request) -> web.Response:
    """GET /: what this is, and where to go on."""
    public_url = request.app[CONTEXT].public_url
    body = {
        "name": "Tintype",
        "version": __version__,
        "graphql": f"{public_url}/graphql",
        "openapi": f"{public_url}/openapi.yaml",
        "endpoints": [f"{method} {path}" for method, path, _ in IMGPRO.routes if path.startswith("/v1/")],
    }
    return json_response(body)


async def get_openapi(_: web.Request) -> web.Response:
    """GET /openapi.yaml: all of this, for programs."""
    headers = {"Content-Type": "application/yaml", "Cache-Control": "public, max-age=3600"}
    return web.Response(body=_OPENAPI, headers=headers)


IMGPRO = Dialect(
    name="imgpro",
    routes=(
        ("GET", "/", get_service),
        ("GET", "/openapi.yaml", get_openapi),
        # `batch` is no id: its routes come first.
        ("PATCH", "/v1/images/batch", images.update_many),
        ("DELETE", "/v1/images/batch", images.delete_many),
        ("POST", "/v1/images", images.create),
        ("GET", "/v1/images", images.list_page),
        ("GET", "/v1/images/{id}", images.get),
        ("PATCH", "/v1/images/{id}", images.update),
        ("DELETE", "/v1/images/{id}", images.delete),
        ("POST", "/v1/upload", images.create),
        ("POST", "/v1/import", images.import_url),
        ("PATCH", "/v1/media/batch", images.update_many),
        ("DELETE", "/v1/media/batch", images.delete_many),
        ("GET", "/v1/media", images.list_page),
        ("PATCH", "/v1/media", images.update_many),
        ("DELETE", "/v1/media", images.delete_many),
        ("GET", "/v1/media/{id}", images.get),
        ("PATCH", "/v1/media/{id}", images.update),
        ("DELETE", "/v1/media/{id}", images.delete),
        ("GET", "/v1/usage", get_usage),
        ("GET", viewer.PATH, viewer.show),
    ),
    render_error=render_error,
    prefix="/v1/",
    say=say,
)
