"""Which generation of img.pro a request speaks: by path, key, or our own header (contracts/imgpro.md, R1 and R2)."""

from __future__ import annotations

from enum import StrEnum

from aiohttp import web

from graphql_api.domain.key import Profile, number_of
from graphql_api.web.context import PRINCIPAL, profile_of

HEADER = "Img-Api-Profile"
_LEGACY = ("/v1/upload", "/v1/import", "/v1/media")


class Generation(StrEnum):
    """A set of defaults and words."""

    G1 = "g1"  # seed 000
    G2 = "g2"
    G3 = "g3"  # seed 001
    G4 = "g4"  # seed 002 and after


def is_legacy(request: web.Request) -> bool:
    """Whether the path is one of generations 1 to 3."""
    return request.path.startswith(_LEGACY)


def generation_of(request: web.Request) -> Generation:
    """Whose defaults and words the caller expects. To be asked once it is known who calls."""
    asked = request.headers.get(HEADER, "").lower()
    if asked in tuple(Generation):
        return Generation(asked)
    if profile_of(request) is Profile.G1 or _shows_g1(request):
        return Generation.G1
    return Generation.G3 if is_legacy(request) else Generation.G4


def _shows_g1(request: web.Request) -> bool:
    """Whether a key that is no good has the form of generation 1: its client is to understand the refusal."""
    secret = request.headers.get("Authorization", "").partition(" ")[2].strip()
    return PRINCIPAL not in request and number_of(secret) is not None
