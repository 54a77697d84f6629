"""The error tree: every error has a code, a status and a public message, and crosses processes whole."""

import errno
import pickle

import pytest

from graphql_api import errors
from graphql_api.errors import TintypeError, full_disk_is_typed
from graphql_api.web.errors import status_of
from schema.errors import ErrorCode


def _all() -> list[type[TintypeError]]:
    found, todo = [], [TintypeError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += kind.__subclasses__()
    return found


def _make(kind: type[TintypeError]) -> TintypeError:
    if issubclass(kind, errors.InvalidInput):
        return kind("field", "message")
    if issubclass(kind, errors.LimitExceeded):
        return kind("message", 7)
    return kind("message")


@pytest.mark.parametrize("kind", _all())
def test_an_error_survives_pickling(kind: type[TintypeError]) -> None:
    error = _make(kind)
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), copy.field, copy.retry_after) == (kind, "message", error.field, error.retry_after)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in _all()]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", _all())
def test_an_error_has_a_status_of_its_own_kind(kind: type[TintypeError]) -> None:
    assert status_of(_make(kind)) == (500 if kind is TintypeError else status_of(_make(kind)))
    assert 400 <= status_of(_make(kind)) < 600


@pytest.mark.parametrize("kind", _all())
def test_an_error_is_data_in_graphql_or_concerns_who_is_asking(kind: type[TintypeError]) -> None:
    known = {code.value for code in ErrorCode}
    top_level = {"internal_error", "unauthenticated", "forbidden", "bad_request"}
    # (of a header that GraphQL does not know)
    top_level |= {"idempotency_key_conflict", "idempotency_key_in_progress"}

    assert kind.code in known | top_level
    assert not known & top_level


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_typed(number: int) -> None:
    with pytest.raises(errors.StorageFull), full_disk_is_typed():
        raise OSError(number, "/secret/path")


def test_other_failures_of_the_disk_are_not_hidden() -> None:
    with pytest.raises(PermissionError), full_disk_is_typed():
        raise PermissionError
