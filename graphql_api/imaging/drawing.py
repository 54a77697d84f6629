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
    (re.compile(rb"""url\((?!\s*['"]?(?:#|data:image/))[^)]*\)""", re.IGNORECASE), b"none"),
    (re.compile(rb"\b(?:image-set|src)\([^)]*\)", re.IGNORECASE), b"none"),
)
# Style sheets of others, as exports with fonts have them. The sanitizer leaves a rest that takes the next rule with it.
_IMPORT = re.compile(
    rb"""@import\s+url\(\s*(?:"[^"]{0,2000}"|'[^']{0,2000}'|[^)"']{0,2000})\)[^;{}<]{0,200};?""", re.IGNORECASE
)
# The sanitizer breaks and indents the lines of what is not preceded by a text: spaces between the parts of a text, and
# in deep drawings a hundred times their bytes. So there is a text before each tag until it is done. Of one byte in all
# encodings, and of no use in a drawing.
_MARK = b"\x7f"
_TAG = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<(?=[\w:/])(?!/(?:\w+:)?style)", re.DOTALL)
_EMBEDDED = {"image": ["png", "jpeg", "gif", "webp"]}


def clean(job: Clean) -> None:
    """Write the cleaned drawing to the job's target. pyvips.Error when it is no XML."""
    cleaned = job.path.read_bytes().replace(_MARK, b"")
    try:
        for _ in range(2):  # what something that is gone had kept apart is seen the second time
            marked = _marked(_IMPORT.sub(b"", cleaned))
            cleaned = py_svg_hush.filter_svg(marked, keep_data_url_mime_types=_EMBEDDED).replace(_MARK, b"")
    except ValueError as error:
        raise pyvips.Error(f"the sanitizer: {error}") from error
    for reference, instead in _REFERENCES:
        cleaned = reference.sub(instead, cleaned)
    job.target.write_bytes(cleaned)


def _marked(drawing: bytes) -> bytes:
    """With the mark before each tag but that of the drawing itself, where no text may be."""
    inside = False

    def mark(found: re.Match[bytes]) -> bytes:
        nonlocal inside
        if found[0] != b"<":  # what tags are in there are none
            return found[0]
        marked, inside = (_MARK if inside else b"") + b"<", True
        return marked

    return _TAG.sub(mark, drawing)
