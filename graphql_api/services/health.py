"""Whether this process can do its work: asked often, so an answer is good for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from graphql_api.db import database
from graphql_api.errors import Overloaded, TintypeError
from graphql_api.imaging.jobs import Examine, Finding, Part, SelfTest, State
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services.spool import Spool
from graphql_api.storage.blob_store import BlobStore

_GOOD_FOR = 5.0  # seconds
_PATIENCE = 10.0
_BUSY = 60.0  # seconds in which a pool that works has finished something
_SEE_LOG = "the log has the reason"

log = structlog.get_logger(__name__)


class Health:
    """The checks behind `/readyz` and `tintype doctor`."""

    def __init__(self, *, store: BlobStore, imaging: ImagingPool, spool: Spool) -> None:
        self._store = store
        self._imaging = imaging
        self._spool = spool
        self._lock = asyncio.Lock()
        self._checked = -_GOOD_FOR
        self._failing: list[str] = []

    async def failing(self) -> list[str]:
        """The names of what does not work, from a check at most some seconds old."""
        async with self._lock:
            if time.monotonic() - self._checked >= _GOOD_FOR:
                self._failing = [name for name, works in (await self.check()).items() if not works]
                self._checked = time.monotonic()
            return self._failing

    async def check(self) -> Mapping[str, bool]:
        """Each part, and whether it works now."""
        database_works, storage_works, formats = await asyncio.gather(
            _works("database", database.check), _works("storage", self._store.check), self._formats()
        )
        return {"database": database_works, "storage": storage_works, **formats}

    async def examine(self) -> list[Finding]:
        """All that this machine can do, each tried out, with what there is to say about it; for people."""
        parts = {"database": database.check, "storage": self._store.check}
        found = [
            Finding(name, State.WORKS) if await _works(name, check) else Finding(name, State.BROKEN, _SEE_LOG)
            for name, check in parts.items()
        ]
        for part in Part:
            found += await self._examine(part)
        return found

    async def _examine(self, part: Part) -> list[Finding]:
        try:
            return await self._imaging.examine(Examine(self._spool.folder, part))
        except TintypeError as error:
            return [Finding(part, State.BROKEN, str(error))]
        except Exception:
            log.exception("check_failed", part=part)
            return [Finding(part, State.BROKEN, _SEE_LOG)]

    async def _formats(self) -> dict[str, bool]:
        try:
            async with asyncio.timeout(_PATIENCE):
                formats = await self._imaging.self_test(SelfTest(self._spool.folder))
        except (Overloaded, TimeoutError):
            # Busy is not broken: an orchestrator that took us away would only move the load.
            return {"imaging": self._imaging.seconds_since_success < _BUSY}
        except Exception:
            log.exception("check_failed", part="imaging")
            return {"imaging": False}
        return {f"imaging:{name}": works for name, works in formats.items()}


async def _works(part: str, check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except Exception:
        log.exception("check_failed", part=part)
        return False
    return True
