"""What Schemathesis fills in where the document names a format: values that JSON Schema cannot tell from others."""

from __future__ import annotations

import os

import schemathesis
from hypothesis import strategies as st

from tests import pictures

# What test_rest.py made before: a page's cursor, and the address of a picture.
CURSOR, PICTURE = "TINTYPE_TEST_CURSOR", "TINTYPE_TEST_PICTURE"

_LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S"])
_WORDS = st.text(_LETTERS, min_size=1, max_size=9)
_LABELS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=9)

schemathesis.openapi.format("binary", st.sampled_from([pictures.png(9, 9), pictures.jpeg(9, 9)]))
schemathesis.openapi.format("uri", st.just(os.environ[PICTURE]))
schemathesis.openapi.format("cursor", st.just(os.environ[CURSOR]))
schemathesis.openapi.format("ttl", st.sampled_from(["300", "5m", "2h", "90d"]))
schemathesis.openapi.format("idempotency-key", st.uuids().map(str))
schemathesis.openapi.format("key", _LABELS)
schemathesis.openapi.format("label", _LABELS)
schemathesis.openapi.format("value", _WORDS)
schemathesis.openapi.format("name", _LABELS)
schemathesis.openapi.format("printable", _WORDS)
schemathesis.openapi.format("tag", _LABELS)
schemathesis.openapi.format("tags", st.lists(_LABELS, max_size=3).map(",".join))
