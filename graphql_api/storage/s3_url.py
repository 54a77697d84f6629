"""The address of a bucket, as STORAGE_URL writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

_FORM = "must be s3://<bucket>[/<prefix>][?<option>=<value>&...]"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_YES_OR_NO = {"true": True, "false": False}
_OPTIONS = ("endpoint", "path_style", "public_endpoint", "region")


@dataclass(frozen=True, slots=True)
class S3Location:
    """Where objects lie: a bucket of AWS, or of the `endpoint`; `prefix` is empty or ends in a slash.

    Browsers and other clients reach the same at the `public_endpoint`, where that is another one.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    public_endpoint: str | None = None


def parse_s3_url(text: str) -> S3Location:
    """What an s3:// address says. ValueError, whose words have nothing of the address: people put secrets into them."""
    try:
        parts = urlsplit(text)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise ValueError(_FORM) from error
    if "@" in parts.netloc:
        raise ValueError("must have no credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if parts.scheme != "s3" or parts.fragment or not _BUCKET.fullmatch(parts.netloc):
        raise ValueError(_FORM)
    prefix = parts.path.strip("/")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ValueError("must have a prefix of letters, digits, '.', '_', '-' and single slashes")
    if not options.keys() <= set(_OPTIONS):
        raise ValueError("has options that are not known: " + ", ".join(_OPTIONS) + " are")
    if "region" in options and not _REGION.fullmatch(options["region"]):
        raise ValueError("has a region that is none, like eu-central-1")
    endpoint = _origin("endpoint", options)
    # Few who run an endpoint of their own have a name for each bucket.
    path_style = options.get("path_style", "true" if endpoint else "false")
    if path_style not in _YES_OR_NO:
        raise ValueError("has a path_style that is neither true nor false")
    return S3Location(
        bucket=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        endpoint=endpoint,
        region=options.get("region"),
        path_style=_YES_OR_NO[path_style],
        public_endpoint=_origin("public_endpoint", options),
    )


def _origin(name: str, options: dict[str, str]) -> str | None:
    """An http(s) address without credentials and query."""
    if name not in options:
        return None
    try:
        parts = urlsplit(options[name])
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"has an {name} that is not http(s)://<host>[:<port>]".replace("an public", "a public"))
    return options[name].rstrip("/")
