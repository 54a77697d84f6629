"""Every failure a caller can be told of, raised once and worded in three places.

    TintypeError
      InvalidInput            UnsupportedMedia, TooLarge, InvalidCredentials
      Unauthenticated
      Forbidden               BadSignature
      NotFound
      Conflict
      LimitExceeded           QuotaExceeded, RateLimited, StorageFull,
                              Overloaded (TookTooLong, StorageUnavailable)
      UpstreamFailed          UpstreamTimeout
      NotConfigured

`str(error)` is public: it may be sent to anybody. Private detail goes to the log through `raise ... from`.
The words are found in `web/errors.py` (HTTP status), `schema/errors.py` (GraphQL) and each dialect's `render_error`.
All of them survive pickling, because worker processes raise them too.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """What the caller can do about an error: `upgrade` at a `url`, or `wait` some `seconds`."""

    type: str
    label: str
    url: str | None = None
    seconds: int | None = None


class TintypeError(Exception):
    """Something went wrong that the caller may know about; `code` is stable, the message is public."""

    code = "internal_error"
    field: str | None = None

    def __init__(self, message: str = "Something went wrong.") -> None:
        super().__init__(message)

    @property
    def retry_after(self) -> int | None:
        """Whole seconds after which the same request may succeed, where that is known."""
        return None

    @property
    def action(self) -> Action | None:
        """What the caller can do about it, where there is something."""
        return None


class InvalidInput(TintypeError):
    """A value of the request is not acceptable; `field` names it in the caller's terms."""

    code = "invalid_input"

    def __init__(self, field: str | None, message: str) -> None:
        Exception.__init__(self, field, message)
        self.field = field

    def __str__(self) -> str:
        return str(self.args[1])

    def at(self, field: str) -> InvalidInput:
        """The same complaint about another name of the field, as the edge calls it."""
        return type(self)(field, str(self))


class UnsupportedMedia(InvalidInput):
    """The bytes are not an image that Tintype can read."""

    code = "unsupported_media"


class TooLarge(InvalidInput):
    """The file, its pixels or the asked-for result pass a limit; the message has the number."""

    code = "too_large"


class InvalidCredentials(InvalidInput):
    """No such person, or not this password: both read the same."""

    code = "invalid_credentials"


class Unauthenticated(TintypeError):
    """No credential, or one that is unknown, expired or revoked."""

    code = "unauthenticated"

    def __init__(self, message: str = "A valid API key is required.") -> None:
        super().__init__(message)


class Forbidden(TintypeError):
    """The credential is good, but may not do this."""

    code = "forbidden"


class BadSignature(Forbidden):
    """A link or token that we did not make, or whose time is over."""

    code = "bad_signature"


class NotFound(TintypeError):
    """There is no such thing, or it is not the caller's to see: both read the same."""

    code = "not_found"


class Conflict(TintypeError):
    """The request contradicts what is already there."""

    code = "conflict"


class BatchRejected(Conflict):
    """One of several that were to be done together or not at all; another one failed."""

    code = "batch_rejected"

    def __init__(self, message: str = "Another item of the batch failed, so nothing was done.") -> None:
        super().__init__(message)


class IdempotencyConflict(Conflict):
    """This idempotency key came with another request before."""

    code = "idempotency_key_conflict"

    def __init__(self, message: str = "This Idempotency-Key was used for another request.") -> None:
        super().__init__(message)


class IdempotencyInProgress(Conflict):
    """The first request with this idempotency key is still at work."""

    code = "idempotency_key_in_progress"

    def __init__(self, message: str = "A request with this Idempotency-Key is still at work.") -> None:
        super().__init__(message)

    @property
    def retry_after(self) -> int | None:
        """When to look again, in seconds."""
        return 30


class DuplicateExternalId(Conflict):
    """Another media of the team has this external id."""

    code = "external_id_duplicate"

    def __init__(self, message: str = "Another media has this external id.") -> None:
        super().__init__(message)


class LimitExceeded(TintypeError):
    """The caller, or the machine, has no room for this now."""

    code = "limit_exceeded"

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        Exception.__init__(self, message, retry_after)

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def retry_after(self) -> int | None:
        """Whole seconds, where known."""
        seconds = self.args[1]
        return int(seconds) if seconds is not None else None


class QuotaExceeded(LimitExceeded):
    """The plan has no room for one more; waiting does not help, but perhaps the `action` does."""

    code = "quota_exceeded"

    def __init__(
        self,
        message: str,
        retry_after: int | None = None,
        action: Action | None = None,
        usage: Mapping[str, object] | None = None,
    ) -> None:
        Exception.__init__(self, message, retry_after, action, usage)

    @property
    def usage(self) -> Mapping[str, object]:
        """What is used of the plan, under img.pro's names; nothing where that is not known."""
        return self.args[3] or {}

    @property
    def action(self) -> Action | None:
        """A larger plan, where there is one."""
        return self.args[2] if isinstance(self.args[2], Action) else None


class RateLimited(LimitExceeded):
    """Too many requests in a window of time."""

    code = "rate_limited"

    @property
    def action(self) -> Action | None:
        """Wait."""
        return Action("wait", "Try again later", seconds=self.retry_after)


class Overloaded(LimitExceeded):
    """The queue for image work is full, or one piece of work took more than it may have."""

    code = "overloaded"


class TookTooLong(Overloaded):
    """One piece of image work was ended because its time was up."""

    code = "took_too_long"


class StorageUnavailable(Overloaded):
    """Where the bytes lie does not answer, or does not let us in; the log has the reason."""

    code = "storage_unavailable"


class StorageFull(LimitExceeded):
    """The disk or bucket takes no more bytes; nothing of the request was kept."""

    code = "storage_full"


class UpstreamFailed(TintypeError):
    """A server that the caller pointed at did not give what was asked."""

    code = "upstream_failed"


class UpstreamTimeout(UpstreamFailed):
    """A server that the caller pointed at did not answer in time."""

    code = "upstream_timeout"


class NotConfigured(TintypeError):
    """This server was set up without what the request needs."""

    code = "not_configured"


@contextmanager
def full_disk_is_typed() -> Iterator[None]:
    """Turn "no space left" and "quota exceeded" of the operating system into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("The server's storage is full; nothing was saved.") from error
        raise
