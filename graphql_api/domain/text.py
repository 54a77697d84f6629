"""What a text may consist of: of one line, or of anything that every database takes."""

from __future__ import annotations

# They cannot be seen, and yet are spelling: Persian and Indic words have the first, emoji of several people the second.
_JOINERS = str.maketrans("", "", "\u200c\u200d")


def is_line(text: str) -> bool:
    """Whether it is one line of what can be seen: nothing that breaks it, hides in it or turns its direction."""
    seen = text.translate(_JOINERS)
    return seen.isprintable() and (bool(seen) or not text)


def as_line(text: str) -> str:
    """The text without what one line may not have; empty when nothing is left to be seen."""
    kept = "".join(letter for letter in text if letter.translate(_JOINERS).isprintable()).strip()
    return kept if is_line(kept) else ""


def is_storable(text: str) -> bool:
    """Whether every database takes it: PostgreSQL has no NUL, and JSON may bring lone surrogates, which are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
