"""The operations that the documents show, by their names."""

from __future__ import annotations

import re
from pathlib import Path

_DOCS = Path(__file__).parents[1] / "docs"
_TEXTS = [
    text
    for page in ("graphql", "accounts")
    for text in re.findall(r"```graphql\n(.*?)```", (_DOCS / f"{page}.md").read_text(), re.DOTALL)
]

OPERATIONS = {re.findall(r"^(?:query|mutation|subscription) (\w+)", text)[0]: text for text in _TEXTS}
assert len(OPERATIONS) == len(_TEXTS), "two operations of the documents have one name"
