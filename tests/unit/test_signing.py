"""Signatures: ours verify, anything else does not, and none is worth anything for another purpose."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.signing import Signer
from graphql_api.errors import BadSignature

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
FIRST, SECOND = "a" * 32, "b" * 32
SIGNER = Signer([FIRST])


@given(st.text(), st.text())
def test_a_text_verifies_for_its_purpose_alone(text: str, other: str) -> None:
    if not _encodes(text):
        return
    signature = SIGNER.sign("one", text)

    assert SIGNER.verify("one", text, signature)
    assert not SIGNER.verify("two", text, signature)
    assert SIGNER.verify("one", other, signature) == (other == text)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(st.text())
def test_no_other_text_is_a_signature(text: str) -> None:
    assert not SIGNER.verify("one", "text", text)


def test_keys_rotate() -> None:
    signature = SIGNER.sign("one", "text")

    assert Signer([SECOND, FIRST]).verify("one", "text", signature)
    assert not Signer([SECOND]).verify("one", "text", signature)
    assert Signer([SECOND, FIRST]).sign("one", "text") == Signer([SECOND]).sign("one", "text")


@given(st.dictionaries(st.text(st.characters(codec="utf-8")).filter(lambda name: name != "exp"), st.integers()))
def test_a_token_says_what_was_sealed(claims: dict[str, object]) -> None:
    opened = SIGNER.open("one", SIGNER.seal("one", claims, LATER), NOW)

    assert opened == {**claims, "exp": LATER.timestamp()}


def test_a_token_expires_to_the_second() -> None:
    token = SIGNER.seal("one", {}, LATER)

    assert SIGNER.open("one", token, LATER - dt.timedelta(seconds=1))
    with pytest.raises(BadSignature, match="expired"):
        SIGNER.open("one", token, LATER)


@pytest.mark.parametrize("token", ["", ".", "a.b", "e30.", ".e30", "é.é", "\ud800.x", "a" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadSignature, match="not valid"):
        SIGNER.open("one", token, NOW)


def test_a_token_that_was_changed_is_refused() -> None:
    token = SIGNER.seal("one", {"user": 1}, LATER)
    forged = Signer([SECOND]).seal("one", {"user": 1}, LATER)
    text, _, signature = token.partition(".")

    for bad in (forged, f"{text}A.{signature}", f"{text}.{signature[:-1]}", f"{forged.partition('.')[0]}.{signature}x"):
        with pytest.raises(BadSignature):
            SIGNER.open("one", bad, NOW)


@pytest.mark.parametrize("keys", [[], ["short"], [FIRST, "x" * 31]])
def test_short_keys_are_none(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="32"):
        Signer(keys)
