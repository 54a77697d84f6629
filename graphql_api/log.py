"""Logging: one event a line, as JSON for machines or coloured text for a terminal, on standard error."""

from __future__ import annotations

import datetime as dt
import logging
import sys

import orjson
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError


def configure(log_format: str) -> None:
    """Send structlog and the standard library's loggers the same way."""
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not as_text:
        # Plain tracebacks: those with local variables would write keys and file contents into the log.
        shared.append(structlog.processors.format_exc_info)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer(_to_json)
    )
    # Our own events are rendered and written at once: on the way through `logging` they would cost three times as much.
    structlog.configure(
        processors=[*shared, renderer] if as_text else [_to_line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr)
        if as_text
        else structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # our own middleware writes that line
    for library in ("aiobotocore", "botocore"):  # they tell where they found credentials, at each start
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_shorten_garbage)


def _shorten_garbage(record: logging.LogRecord) -> bool:
    """Bytes that are no HTTP are worth a line: anybody can send them, and a traceback each would fill the disk."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError):
        record.msg, record.args, record.exc_info = "malformed_http", (), None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


def _to_line(logger: object, level: str, event: structlog.typing.EventDict) -> bytes:
    """All that `shared` and the renderer do, in one step: each has its cost, and each request has a line."""
    structlog.contextvars.merge_contextvars(logger, level, event)
    event["level"], event["timestamp"] = level, dt.datetime.now(dt.UTC)
    if "exc_info" in event:
        structlog.processors.format_exc_info(logger, level, event)
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z)


def _to_json(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
