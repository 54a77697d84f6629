"""Content negotiation by a real reading of Accept: q-values, then how exactly a type is named (RFC 9110, 12.5.1)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from graphql_api.domain.format import Format


@functools.lru_cache(maxsize=256)  # clients of one kind send the same
def preferred(header: str | None, offers: tuple[str, ...], *, default: str) -> str | None:
    """The offer that the client likes best; `default` when it has no opinion, None when it takes none of them."""
    if header is None or not header.strip():
        return default
    ranges = [_parse_range(item) for item in header.split(",") if item.strip()]
    ranked = [(*_rank(offer, ranges), offer == default, -place) for place, offer in enumerate(offers)]
    quality, exactness, is_default, place = max(ranked)
    del exactness, is_default
    return offers[-place] if quality > 0 else None


def accepted_formats(header: str | None) -> tuple[Format, ...]:
    """The newer formats that an image request names, best first: `image/*` alone says nothing of them."""
    weights = dict(_parse_range(item) for item in (header or "").split(",") if item.strip())
    named = [(weights.get(offer.content_type, 0.0), offer) for offer in (Format.AVIF, Format.WEBP)]
    plain = weights.get("image/jpeg", 0.0)
    chosen = [(weight, offer) for weight, offer in named if weight > 0 and weight >= plain]
    return tuple(offer for _, offer in sorted(chosen, key=lambda pair: -pair[0]))


def _parse_range(item: str) -> tuple[str, float]:
    """A media range and its weight, 0 to 1."""
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            weight = _parse_weight(value.strip())
    return name, weight


def _parse_weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _rank(offer: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """Weight and exactness of the range that names the offer most exactly; (0, 0) when none does."""
    kind = offer.partition("/")[0]
    exactness = {"*/*": 1, f"{kind}/*": 2, offer: 3}
    matches = [(exactness[name], weight) for name, weight in ranges if name in exactness]
    if not matches:
        return 0.0, 0
    best, weight = max(matches)
    return weight, best
