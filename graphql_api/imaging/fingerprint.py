"""The perceptual hash that Krawetz described and the library ImageHash made common: alike pictures have alike bits."""

from __future__ import annotations

from statistics import median

from PIL import Image

from graphql_api.imaging.cosines import transform

_SIDE = 32
_TERMS = 8
_DIGITS = 6  # decimals that are no noise


def perceptual_hash(picture: Image.Image) -> str:
    """64 bits in hexadecimal, first row first: whether a low frequency of the grey picture is above their median."""
    grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    terms = [round(term, _DIGITS) for row in transform(grey.tobytes(), _SIDE, _TERMS, _TERMS) for term in row]
    middle = median(terms)
    bits = "".join("1" if term > middle else "0" for term in terms)
    return f"{int(bits, 2):016x}"
