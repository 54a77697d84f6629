"""Drawings (SVG) as they are kept: without scripts, event handlers and anything that would be fetched.

py-svg-hush, the binding of the sanitizer that Cloudflare made for this, writes the drawing anew from an allow-list of
elements and attributes. Pictures inside stay where they are `data:` of a kind that browsers show.
"""

from __future__ import annotations

import re

import py_svg_hush
import pyvips

from graphql_api.imaging.jobs import Clean

# The sanitizer makes addresses of other origins ones of this. What leads out of the drawing goes altogether.
_REFERENCES = (
    (re.compile(rb'\s(?:xlink:)?href="(?!#|data:image/)[^"]*"'), b""),
    (re.compile(rb"""url\((?!\s*['"]?(?:#|data:image/))[^)]*\)"""), b"none"),
    (re.compile(rb"image-set\([^)]*\)"), b"none"),
)
# Style sheets of others, as exports with fonts have them. The sanitizer leaves a rest that takes the next rule with it.
_IMPORT = re.compile(
    rb"""@import\s+url\(\s*(?:"[^"]{0,2000}"|'[^']{0,2000}'|[^)"']{0,2000})\)[^;{}<]{0,200};?""", re.IGNORECASE
)
_EMBEDDED = {"image": ["png", "jpeg", "gif", "webp"]}


def clean(job: Clean) -> None:
    """Write the cleaned drawing to the job's target. pyvips.Error when it is no XML."""
    drawing = _IMPORT.sub(b"", job.path.read_bytes())
    try:
        cleaned = py_svg_hush.filter_svg(drawing, keep_data_url_mime_types=_EMBEDDED)
    except ValueError as error:
        raise pyvips.Error(f"the sanitizer: {error}") from error
    for reference, instead in _REFERENCES:
        cleaned = reference.sub(instead, cleaned)
    job.target.write_bytes(cleaned)
