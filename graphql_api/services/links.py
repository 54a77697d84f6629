"""Signed addresses: whoever has one sees a private image, until its time is over and in no other shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from graphql_api.domain.signing import Signer
from graphql_api.domain.transform_query import VERSION

IMAGE, ORIGINAL = "image", "original"  # a signature for one is worth nothing for the other
_UNTIL, _SIGNATURE = "until", "sig"
_STEPS = 10


@dataclass(frozen=True, slots=True)
class Links:
    """Signs addresses of images, and knows them again."""

    signer: Signer
    clock: Callable[[], dt.datetime]

    def sign(self, purpose: str, url: str, version: int, expires_in: dt.timedelta) -> str:
        """The address, good for as long and up to a tenth longer.

        Its end is rounded up, so that pages get the same address for a while and caches know it again. It shows this
        version, even if it is the only one: whoever has it must not see what the file is replaced by.
        """
        step = max(1, int(expires_in.total_seconds()) // _STEPS)
        until = -(-int((self.clock() + expires_in).timestamp()) // step) * step
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        added = [*([] if VERSION in dict(pairs) else [(VERSION, str(version))]), (_UNTIL, str(until))]
        added.append((_SIGNATURE, self.signer.sign(purpose, _text(parts.path, [*pairs, *added]))))
        return f"{url}{'&' if parts.query else '?'}{urlencode(added)}"

    def until(self, purpose: str, path: str, pairs: Sequence[tuple[str, str]]) -> dt.datetime | None:
        """When the time of an address is over; None for one that is not signed by us, or whose time is over."""
        said = dict(pairs)
        signature, until = said.get(_SIGNATURE), said.get(_UNTIL, "")
        if not signature or not self.signer.verify(purpose, _text(path, pairs), signature):
            return None
        end = dt.datetime.fromtimestamp(int(until), dt.UTC)
        return end if end > self.clock() else None


def _text(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """What is signed: all that decides what is shown, in whatever order it comes, behind whatever prefix."""
    shown = sorted(pair for pair in pairs if pair[0] != _SIGNATURE)
    return f"{'/'.join(path.split('/')[-2:])}?{urlencode(shown)}"
