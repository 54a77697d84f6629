"""Mail to people: through SMTP, or into the log where the operator has set none up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

log = structlog.get_logger(__name__)

_SECONDS = 20
_TRIES = 3
_PAUSE = 5.0  # seconds before the second try, three times as many before the third
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes; `smtps` speaks TLS from the start, `smtp` as soon as the server offers it."""

    host: str
    port: int
    implicit_tls: bool
    username: str | None
    password: str | None


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp[s]://user:password@host:port`. ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be smtp://<user>:<password>@<host>:<port>, or smtps://")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        implicit_tls=parts.scheme == "smtps",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Mailer:
    """Sends short texts with one link each, after the request that they come from."""

    def __init__(self, server: SmtpServer | None, sender: str) -> None:
        self._server = server
        self._sender = sender
        self._sending: set[asyncio.Task[None]] = set()

    def send_later(self, to: str, subject: str, text: str, link: str) -> None:
        """Send `text`, in which `{link}` stands for the link. How long that takes, nobody who asks can see."""
        if self._server is None:
            log.info("mail_not_configured", to=to, subject=subject, link=link)
            return
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.format(link=link))
        task = asyncio.create_task(self._send(self._server, message))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, server: SmtpServer, message: EmailMessage) -> None:
        pause = _PAUSE
        for attempt in range(1, _TRIES + 1):
            try:
                await aiosmtplib.send(
                    message,
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    use_tls=server.implicit_tls,
                    timeout=_SECONDS,
                )
            except (aiosmtplib.SMTPException, OSError) as error:
                # The server's words may quote the message, and with it the link.
                log.warning("mail_not_sent", to=message["To"], attempt=attempt, error=type(error).__name__)
            else:
                log.info("mail_sent", to=message["To"], subject=message["Subject"])
                return
            if attempt < _TRIES:
                await asyncio.sleep(pause)
                pause *= 3

    async def close(self) -> None:
        """Wait a little for what is under way."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=_SECONDS)
            for task in late:
                task.cancel()
