"""The S3 store: an object a key, below a prefix of a bucket. The only home of aiobotocore.

Endpoints differ, so little is asked of them: no conditional writes, no checksums but Content-MD5, which all of them
know and hold the bytes against.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import structlog
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import BotoCoreError, ClientError

from graphql_api.errors import StorageFull, StorageUnavailable, full_disk_is_typed
from graphql_api.storage.blob_store import SPACES, PutAddress, Stored
from graphql_api.storage.s3_url import S3Location

_PIECE = 256 * 1024
_PART = 8 * 1024 * 1024  # S3 takes no part below 5 MiB, but for the last
_PARTS_AT_ONCE = 4  # of all files that a process puts: what they take of its memory is bounded by it
_BATCH = 1000  # keys that one request deletes
_CALL_SECONDS = 30.0  # a call with its retries, and the wait for a connection; some are made in a transaction
_RETRY_SECONDS = 5
_CONNECTIONS = 256
_MISSING = {"NoSuchKey", "NoSuchUpload", "NotFound", "404"}  # an answer to HEAD has no body that would say which
_FULL = {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "507"}

log = structlog.get_logger("tintype")


@asynccontextmanager
async def open_s3(location: S3Location, scratch: Path) -> AsyncIterator[S3Store]:
    """The store, as long as its connections are open; files that others are to read lie in `scratch` meanwhile."""
    session = get_session()
    async with AsyncExitStack() as stack:
        with _typed("connect"):
            client = await stack.enter_async_context(_client(session, location, location.endpoint))
            public = client
            if location.public_endpoint is not None:
                public = await stack.enter_async_context(_client(session, location, location.public_endpoint))
        yield S3Store(client, public, location, scratch)


def _client(session: AioSession, location: S3Location, endpoint: str | None) -> Any:
    config = AioConfig(
        signature_version="s3v4",
        # Signing a body means to hash it on the event loop; Content-MD5, which is signed, binds it as well.
        # (Left to itself the library presigns for the host of all regions, which redirects, and no browser follows.)
        s3={"addressing_style": "path" if location.path_style else "virtual", "payload_signing_enabled": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=5,
        read_timeout=20,
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
    )
    return session.create_client("s3", region_name=location.region, endpoint_url=endpoint, config=config)


class S3Store:
    """A BlobStore in a bucket. Whatever fails there is StorageUnavailable, with the reason in the log."""

    def __init__(self, client: Any, public: Any, location: S3Location, scratch: Path) -> None:
        self._client = client
        self._public = public
        self._bucket = location.bucket
        self._prefix = location.prefix
        self._scratch = scratch
        self._parts = asyncio.Semaphore(_PARTS_AT_ONCE)
        # Until we say otherwise the library sends a CRC here, of which older endpoints have never heard.
        client.meta.events.register("before-call.s3.DeleteObjects", _add_md5)

    async def put(self, key: str, source: Path | bytes) -> Stored:
        """One object, or several parts that become one when the last is there; of a failure nothing is to be seen."""
        if isinstance(source, bytes):
            size = len(source)
            await self._put_whole(key, source)
        else:
            size = (await asyncio.to_thread(source.stat)).st_size
            if size > _PART:
                await self._put_parts(key, source, size)
            else:
                async with self._parts:
                    await self._put_whole(key, await asyncio.to_thread(source.read_bytes))
        return Stored(key, size, dt.datetime.now(dt.UTC))

    async def _put_whole(self, key: str, content: bytes) -> None:
        await self._call("put_object", key, Body=content, ContentMD5=await asyncio.to_thread(_md5, content))

    async def _put_parts(self, key: str, source: Path, size: int) -> None:
        upload = (await self._call("create_multipart_upload", key))["UploadId"]
        try:
            async with asyncio.TaskGroup() as group:
                parts = [
                    group.create_task(self._put_part(key, upload, source, start)) for start in range(0, size, _PART)
                ]
            done = {"Parts": [part.result() for part in parts]}
            await self._call("complete_multipart_upload", key, UploadId=upload, MultipartUpload=done)
        except BaseException as error:
            with contextlib.suppress(FileNotFoundError, StorageUnavailable):  # then `sweep` finds it
                await self._call("abort_multipart_upload", key, UploadId=upload)
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from error
            raise

    async def _put_part(self, key: str, upload: str, source: Path, start: int) -> dict[str, object]:
        number = start // _PART + 1
        async with self._parts:
            content, digest = await asyncio.to_thread(_section, source, start)
            answer = await self._call(
                "upload_part", key, UploadId=upload, PartNumber=number, Body=content, ContentMD5=digest
            )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    async def find(self, key: str) -> Stored | None:
        """Size and time, by HEAD."""
        try:
            head = await self._call("head_object", key)
        except FileNotFoundError:
            return None
        return Stored(key, head["ContentLength"], head["LastModified"])

    async def touch(self, key: str) -> None:
        """Copy the object onto itself, which S3 allows when its metadata are replaced, be it none by none."""
        source = {"Bucket": self._bucket, "Key": self._prefix + key}
        with contextlib.suppress(FileNotFoundError):
            await self._call("copy_object", key, CopySource=source, MetadataDirective="REPLACE")

    async def read(self, key: str, start: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        """The object in pieces of 256 KiB, from one answer, which goes on when it is deleted meanwhile."""
        if size == 0:
            return
        asked = {}
        if start or size is not None:
            asked["Range"] = f"bytes={start}-" if size is None else f"bytes={start}-{start + size - 1}"
        try:
            answer = await self._call("get_object", key, **asked)
        except EOFError:
            return
        async with answer["Body"] as body:
            while piece := await _piece(body):
                yield piece

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """A copy on the disk, gone afterwards."""
        path = self._scratch / uuid.uuid4().hex
        try:
            with full_disk_is_typed(), path.open("wb") as file:
                async for piece in self.read(key):
                    await asyncio.to_thread(file.write, piece)
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def delete(self, key: str) -> None:
        """Delete the object."""
        with contextlib.suppress(FileNotFoundError):
            await self._call("delete_object", key)

    async def delete_prefix(self, prefix: str) -> None:
        """Delete all objects below it, a thousand with one request."""
        keys = [stored.key async for stored in self.list(prefix)]
        for at in range(0, len(keys), _BATCH):
            await self._delete_batch(keys[at : at + _BATCH])

    async def _delete_batch(self, keys: Sequence[str]) -> None:
        """Delete them together; one by one where the endpoint cannot, and those that it says it did not."""
        objects = [{"Key": self._prefix + key} for key in keys]
        try:
            answer = await self._call("delete_objects", Delete={"Objects": objects, "Quiet": True})
            left = [error.get("Key", "").removeprefix(self._prefix) for error in answer.get("Errors", ())]
            keys = left if all(left) else keys  # an error that names none is one of them all
        except (FileNotFoundError, StorageUnavailable) as error:
            if not isinstance(error.__cause__, ClientError):
                raise
        for key in keys:
            await self.delete(key)

    async def list(self, prefix: str) -> AsyncIterator[Stored]:
        """The objects below it, page by page."""
        more: dict[str, str] = {}
        while True:
            page = await self._call("list_objects_v2", Prefix=self._prefix + prefix, **more)
            for item in page.get("Contents", ()):
                yield Stored(item["Key"].removeprefix(self._prefix), item["Size"], item["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def sweep(self, before: dt.datetime) -> None:
        """Abort old uploads of parts, where our keys are: the bucket may have other tenants."""
        for space in SPACES:
            async for key, upload in self._unfinished(space, before):
                with contextlib.suppress(FileNotFoundError):
                    await self._call("abort_multipart_upload", key, UploadId=upload)

    async def _unfinished(self, space: str, before: dt.datetime) -> AsyncIterator[tuple[str, str]]:
        more: dict[str, str] = {}
        while True:
            page = await self._call("list_multipart_uploads", Prefix=self._prefix + space, **more)
            for item in page.get("Uploads", ()):
                if item["Initiated"] < before:
                    yield item["Key"].removeprefix(self._prefix), item["UploadId"]
            if not page.get("IsTruncated"):
                return
            more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    async def check(self) -> None:
        """Write and delete a small object."""
        key = f"check/{uuid.uuid4().hex}"
        await self.put(key, b"tintype")
        await self.delete(key)

    async def presign_put(self, key: str, size: int, sha256: str | None, seconds: int) -> PutAddress:
        """At the bucket itself. Size and digest are signed, so another size is refused.

        So are other bytes of that size, where the endpoint knows the header of the digest.
        """
        values: dict[str, object] = {"Bucket": self._bucket, "Key": self._prefix + key, "ContentLength": size}
        headers = {"Content-Length": str(size)}
        if sha256 is not None:
            digest = base64.b64encode(bytes.fromhex(sha256)).decode()
            values["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = digest
        with _typed("presign"):
            url = await self._public.generate_presigned_url("put_object", Params=values, ExpiresIn=seconds)
        return PutAddress(str(url), headers)

    async def _call(self, operation: str, key: str | None = None, **values: object) -> Any:
        """Ask the bucket. FileNotFoundError, EOFError past the end, StorageFull, StorageUnavailable."""
        if key is not None:
            values["Key"] = self._prefix + key
        with _typed(operation):
            async with asyncio.timeout(_CALL_SECONDS):
                return await getattr(self._client, operation)(Bucket=self._bucket, **values)


@contextmanager
def _typed(operation: str) -> Iterator[None]:
    """Turn the library's errors into ours. Its messages stay here: they hold addresses, and what the endpoint says."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in _MISSING:
            raise FileNotFoundError(operation) from error
        if code == "InvalidRange":
            raise EOFError(operation) from error
        if code in _FULL:
            raise StorageFull("The server's storage is full; nothing was saved.") from error
        raise _unavailable(operation, code) from error
    except (BotoCoreError, TimeoutError) as error:
        raise _unavailable(operation, type(error).__name__) from error


def _unavailable(operation: str, reason: str) -> StorageUnavailable:
    log.warning("storage_failed", operation=operation, reason=reason)
    return StorageUnavailable("The server's storage does not answer; try again later.", _RETRY_SECONDS)


async def _piece(body: Any) -> bytes:
    """The next 256 KiB of an answer; less at its end only."""
    piece = bytearray()
    try:
        while len(piece) < _PIECE and (more := await body.read(_PIECE - len(piece))):
            piece += more
    except Exception as error:  # not all that the HTTP library says of a body that was cut is made the other's
        raise _unavailable("read", type(error).__name__) from error
    return bytes(piece)


def _section(source: Path, start: int) -> tuple[bytes, str]:
    """A part of the file and its Content-MD5."""
    with source.open("rb") as file:
        file.seek(start)
        content = file.read(_PART)
    return content, _md5(content)


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _add_md5(params: dict[str, Any], **_: object) -> None:
    params["headers"]["Content-MD5"] = _md5(params["body"])
