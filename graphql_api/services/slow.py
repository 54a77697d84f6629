"""Drawings that take too long to draw: for a while nobody is made to wait for them, and no worker held, again.

A few bytes of a drawing can ask for any amount of work, and the next address asks for it anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from graphql_api.domain.format import Format
from graphql_api.domain.overlay import Layer
from graphql_api.errors import TookTooLong

_WHILE = 600  # seconds
_MOST = 1000  # of them that are remembered
_LESS = 2  # with so many times fewer pixels it may be tried again


@dataclass(frozen=True, slots=True)
class SlowDrawings:
    """What was given up, by what was in the picture, with its pixels and until when that counts."""

    given_up: dict[frozenset[str], tuple[int, float]] = field(default_factory=dict)

    @contextmanager
    def watch(self, pictures: Sequence[Layer], pixels: int) -> Iterator[None]:
        """Draw these inside. TookTooLong, at once where they took too long with hardly more pixels.

        Together only, unless it is one alone: that another one was in the picture says nothing of either.
        """
        drawings = frozenset(picture.sha256 for picture in pictures if picture.original.format is Format.SVG)
        everything = frozenset(picture.sha256 for picture in pictures)
        for named in (everything, *(frozenset({sha256}) for sha256 in drawings)):
            failed, until = self.given_up.get(named, (0, 0.0))
            if pixels * _LESS > failed > 0 and (left := until - time.monotonic()) > 0:
                raise TookTooLong("The drawing in this image takes too long to draw.", int(left) + 1)
        try:
            yield
        except TookTooLong:
            if drawings:
                self.given_up.pop(everything, None)
                while len(self.given_up) >= _MOST:
                    self.given_up.pop(next(iter(self.given_up)))
                self.given_up[everything] = pixels, time.monotonic() + _WHILE
            raise
