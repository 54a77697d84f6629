"""All configuration: environment variables with the prefix TINTYPE_, and `.env`.

docs/configuration.md is checked against it.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, ValidationError, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, NoDecode, SettingsConfigDict

from graphql_api.domain.address import Network, parse_network
from graphql_api.domain.limits import GraphQLRules, PictureLimits
from graphql_api.domain.overlay import MAX_OVERLAYS
from graphql_api.domain.plan import MIB, Plans, parse_plans
from graphql_api.domain.signing import Signer
from graphql_api.remote.mail import parse_smtp_url
from graphql_api.services.documents import digest_of
from graphql_api.storage.s3_url import S3Location, parse_s3_url

_PREFIX = "TINTYPE_"
_REDIS_SCHEMES = ("redis", "rediss", "unix")
_REDIS_OPTIONS = {"db", "ssl_ca_certs", "ssl_cert_reqs"}


class ConfigurationError(Exception):
    """A setting is not usable; the message is one line that names it."""


def _origin(text: str) -> str:
    """An http(s) address without a slash at its end."""
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return text.rstrip("/")


def _database(text: str) -> str:
    if text and not text.startswith(("sqlite://", "postgres://", "postgresql://")):
        raise ValueError("must be sqlite://<file> or postgres://<user>:<password>@<host>/<database>")
    return text


def _storage(text: str) -> str:
    if text.startswith("s3://"):
        parse_s3_url(text)
    elif text and not text.startswith("file://"):
        raise ValueError("must be file://<folder> or s3://<bucket>")
    return text


def _smtp(text: str) -> str:
    if text:
        parse_smtp_url(text)
    return text


def _redis(text: str) -> str:
    """An address of Redis; whoever is to read the complaint need not see the password in it."""
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in _REDIS_SCHEMES or (parts.scheme == "unix") is not (not parts.netloc):
        raise ValueError("must be redis://<host>, rediss://<host> or unix://<absolute path>")
    if not (parts.path.startswith("/") if parts.scheme == "unix" else re.fullmatch(r"(/\d*)?", parts.path)):
        raise ValueError("must end with the number of a database or, with unix://, be an absolute path")
    if parts.port == 0 or not dict(parse_qsl(parts.query)).keys() <= _REDIS_OPTIONS:
        raise ValueError("has options that are not known: " + ", ".join(sorted(_REDIS_OPTIONS)) + " are")
    return text


def _networks(value: object) -> object:
    return [parse_network(text) for text in value.split(",") if text.strip()] if isinstance(value, str) else value


def _hosts(value: object) -> object:
    return [host.strip() for host in value.split(",") if host.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    data_dir: Path = Field(Path("data"), description="Database file, blobs, renditions, spooled uploads.")
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        "", description="`sqlite://<file>` or `postgres://...`; default `sqlite://{DATA_DIR}/tintype.db`."
    )
    storage_url: Annotated[str, AfterValidator(_storage)] = Field(
        "", description="`file://<folder>` or `s3://<bucket>...`; default `file://{DATA_DIR}/media`."
    )
    public_url: Annotated[str, AfterValidator(_origin)] = Field(
        "http://localhost:8000", description="Origin of API and pages in every link."
    )
    source_url: Annotated[str, AfterValidator(_origin)] = Field(
        "", description="Where images are, for example on a CDN; default `{PUBLIC_URL}/src`."
    )
    secret_keys: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="What links and sign-ins are signed with: the first signs, all verify; 32 characters or more.",
    )
    sign_up: Literal["open", "approval", "closed"] = Field("open", description="Who may make an account.")
    require_verified_email: bool = Field(
        False, description="Whether people must show that their e-mail address is theirs before they can sign in."
    )
    smtp_url: Annotated[str, AfterValidator(_smtp)] = Field(
        "", description="`smtp[s]://<user>:<password>@<host>:<port>`; without it, links to be mailed go to the log."
    )
    mail_from: str = Field("tintype@localhost", description="The sender of mail.")
    trusted_documents: FilePath | None = Field(
        None, description="GraphQL documents by their SHA-256, as a JSON object: clients may name them by it."
    )
    trusted_documents_only: bool = Field(False, description="Whether no other documents are run.")
    graphql_introspection: bool = Field(True, description="Whether clients may ask GraphQL for its schema.")
    graphql_federation: bool = Field(
        False, description="Whether GraphQL is a subgraph (Apollo Federation 2): `_service` and `_entities` are there."
    )
    graphql_suggestions: bool = Field(False, description="Whether a misspelt field is answered with the names near it.")
    graphql_batch_limit: int = Field(0, ge=0, le=100, description="Operations in one JSON request; `0`: no batches.")
    graphql_seconds: float = Field(30.0, gt=0, description="Time limit of the queries of one request, in seconds.")
    graphql_response_mb: int = Field(16, gt=0, description="Largest answer of GraphQL, in MiB.")
    graphql_streams: int = Field(
        20, gt=0, description="Streams of one caller at a time: sockets, operations on them, Server-Sent Events."
    )
    graphql_http_draft: bool = Field(
        False, description="Whether statuses are those of the draft of June 2026 (422, 294) instead of the older ones."
    )
    plans_file: FilePath | None = Field(None, description="Plans, in TOML; those of the package unless given.")
    default_plan: str = Field("free", description="The plan of teams that were never put on another.")
    upgrade_url: Annotated[str, AfterValidator(_origin)] = Field(
        "", description="Where who wants a larger plan is sent; `{team}` and `{plan}` in it are filled in."
    )
    upgrade_webhook_url: Annotated[str, AfterValidator(_origin)] = Field(
        "", description="Where we say (POST, signed) that a team wants a larger plan."
    )
    upgrade_webhook_secret: str = Field("", description="What that message is signed with (HMAC-SHA256).")
    trash_days: int = Field(30, ge=0, description="How long deleted media can be restored; `0`: not at all.")
    anonymous_uploads: bool = Field(True, description="Whether `POST /v1/images` works without a key.")
    open_private_images: bool = Field(
        False, description="Whether everybody who knows the address `/src/...` of a private image is shown it."
    )
    public_metadata: bool = Field(
        True, description="Whether `metadata=keep` gives everybody all metadata of a public image, its place included."
    )
    transform_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Hosts whose images `/cdn-cgi/image/` fetches and keeps for a day."
    )
    rate_limit_scale: float = Field(
        1.0, ge=0, allow_inf_nan=False, description="Multiplies every rate limit; `0` switches them off."
    )
    redis_url: Annotated[str, AfterValidator(_redis)] = Field(
        "", description="`redis://...`, `rediss://...` or `unix://...`: where rate limits are shared by all processes."
    )
    trusted_proxies: Annotated[list[Network], NoDecode, BeforeValidator(_networks)] = Field(
        default_factory=list, description="Addresses and networks whose X-Forwarded-For is believed."
    )
    import_allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Private hosts (`host` or `host:port`) that imports may reach all the same."
    )
    import_host_map: dict[str, str] = Field(
        default_factory=dict, description='JSON `{"https://host": "http://other"}`: where an import is really fetched.'
    )
    webhook_allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Private hosts (`host` or `host:port`) that webhooks may lead to all the same.",
    )
    import_seconds: float = Field(30.0, gt=0, description="Time limit of one import, in seconds.")
    max_pixels: int = Field(100_000_000, gt=0, description="Largest original, all frames counted; interlaced: half.")
    max_side: int = Field(100_000, gt=0, description="Longest side of an original, in pixels.")
    max_frames: int = Field(1000, gt=0, description="Frames of an animation.")
    max_file_mb: int = Field(70, gt=0, description="Largest file in MiB, whatever a plan allows.")
    max_overlays: int = Field(5, ge=0, le=MAX_OVERLAYS, description="Overlays and texts on one image.")
    max_svg_mb: int = Field(10, gt=0, description="Largest drawing (SVG), in MiB.")
    max_output_pixels: int = Field(
        25_000_000,
        gt=0,
        description="Largest result, all frames counted; one as large as its original is allowed. "
        "Before it is cut it may be twice as large.",
    )
    max_output_side: int = Field(
        16_384, gt=0, description="Longest side of a result in pixels; one as long as its original is allowed."
    )
    max_gif_pixels: int = Field(4_000_000, gt=0, description="As MAX_OUTPUT_PIXELS, for GIF: it is slow to write.")
    rendition_cache_mb: int = Field(
        10_240, ge=0, description="Renditions and proofs kept, in MiB; what is longest unused goes first. `0`: all."
    )
    hot_renditions_mb: int = Field(16, ge=0, description="Small renditions kept in memory, in MiB a process.")
    imaging_workers: int = Field(0, ge=0, description="Processes that decode and encode; `0`: one per core.")
    imaging_queue: int = Field(64, ge=0, description="Image jobs that may wait; past it the answer is 503.")
    imaging_seconds: float = Field(30.0, gt=0, description="Time limit of one image job; its process is killed.")
    imaging_memory_mb: int = Field(2048, ge=512, description="Address space of one imaging process, in MiB.")
    segmentation_model: FilePath | None = Field(None, description="ONNX file of a network that cuts foregrounds out.")
    face_model: FilePath | None = Field(None, description="ONNX file of YuNet, which finds faces.")
    imaging_recycle_mb: int = Field(
        512,
        ge=64,
        description="Resident memory of one imaging process after a job, in MiB, above which it is replaced.",
    )
    log_format: str = Field("auto", pattern="^(auto|json|text)$", description="`json`, `text`, or by terminal.")

    @model_validator(mode="before")
    @classmethod
    def _split_hosts(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("import_allowed_hosts", "webhook_allowed_hosts", "transform_origins", "secret_keys"):
            if name in values:
                values[name] = _hosts(values[name])
        return values

    @model_validator(mode="after")
    def _check_webhook(self) -> Self:
        if self.upgrade_webhook_url and not self.upgrade_webhook_secret:
            raise ValueError("UPGRADE_WEBHOOK_URL needs UPGRADE_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _fill_derived(self) -> Self:
        """Defaults that follow from other settings."""
        derived = {
            "database_url": f"sqlite://{self.data_dir}/tintype.db",
            "storage_url": f"file://{self.data_dir}/media",
            "source_url": f"{self.public_url}/src",
            "imaging_workers": os.cpu_count() or 1,
        }
        for name, value in derived.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)
        return self

    @property
    def bucket(self) -> S3Location | None:
        """The bucket that STORAGE_URL names, if it does not name a folder."""
        return parse_s3_url(self.storage_url) if self.storage_url.startswith("s3://") else None

    @property
    def media_folder(self) -> Path:
        """The folder that STORAGE_URL names, if it does not name a bucket."""
        return Path(self.storage_url.removeprefix("file://"))

    @property
    def spool_folder(self) -> Path:
        """Where uploads wait, on the file system of DATA_DIR."""
        return self.data_dir / "spool"

    @property
    def picture_limits(self) -> PictureLimits:
        """The MAX_ settings."""
        return PictureLimits(
            max_pixels=self.max_pixels,
            max_side=self.max_side,
            max_frames=self.max_frames,
            max_overlays=self.max_overlays,
            max_file_bytes=self.max_file_mb * MIB,
            max_svg_bytes=self.max_svg_mb * MIB,
            max_output_pixels=self.max_output_pixels,
            max_output_side=self.max_output_side,
            max_gif_pixels=self.max_gif_pixels,
        )

    @property
    def graphql_rules(self) -> GraphQLRules:
        """The GRAPHQL_ settings."""
        return GraphQLRules(
            introspection=self.graphql_introspection,
            federation=self.graphql_federation,
            suggestions=self.graphql_suggestions,
            batch=self.graphql_batch_limit,
            seconds=self.graphql_seconds,
            max_response_bytes=self.graphql_response_mb * MIB,
            draft=self.graphql_http_draft,
        )

    @property
    def trusted(self) -> dict[str, str]:
        """The trusted documents by digest. ConfigurationError."""
        if self.trusted_documents is None:
            return {}
        try:
            documents = json.loads(self.trusted_documents.read_text())
            named = {str(name).removeprefix("sha256:").lower(): text for name, text in documents.items()}
            wrong = next((name for name, text in named.items() if digest_of(text) != name), None)
        except (OSError, ValueError, AttributeError) as error:
            raise ConfigurationError("TINTYPE_TRUSTED_DOCUMENTS: must be a JSON object of texts by SHA-256") from error
        if wrong is not None:
            raise ConfigurationError(f"TINTYPE_TRUSTED_DOCUMENTS: {wrong} is not the SHA-256 of its text")
        return named

    @property
    def plans(self) -> Plans:
        """The plans. ConfigurationError."""
        path = self.plans_file or Path(__file__).with_name("plans.toml")
        try:
            return parse_plans(path.read_text(), self.default_plan)
        except (ValueError, OSError) as error:
            raise ConfigurationError(f"TINTYPE_PLANS_FILE ({path.name}): {error}") from error

    def signer(self) -> Signer:
        """What signs: SECRET_KEYS, or keys that the first start leaves in DATA_DIR. ConfigurationError."""
        try:
            return Signer(self.secret_keys or _kept_keys(self.data_dir / "secret_keys"))
        except ValueError as error:
            raise ConfigurationError(f"TINTYPE_SECRET_KEYS: {error}") from error

    @property
    def imaging_memory_bytes(self) -> int:
        """IMAGING_MEMORY_MB in bytes."""
        return self.imaging_memory_mb * MIB


def _kept_keys(path: Path) -> list[str]:
    """The keys in the file, made if it is not there; of several processes that start at once one makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".secret_keys.")  # for us alone: mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        Path(part).unlink()
    return path.read_text().split()


def unknown_settings() -> dict[str, str]:
    """Names that begin like settings, and are none: most likely misspelt. With the nearest that is one, or nothing."""
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    sources = EnvSettingsSource(Settings), DotEnvSettingsSource(Settings)
    given = {name.upper() for source in sources for name in source.env_vars}
    unknown = sorted(name for name in given.difference(known) if name.startswith(_PREFIX))
    return {name: next(iter(difflib.get_close_matches(name, known, 1)), "") for name in unknown}


def load_settings(**overrides: object) -> Settings:
    """The settings of this environment. ConfigurationError names the first that is not usable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"][:1]).upper()
        raise ConfigurationError(f"TINTYPE_{name}: {first['msg'].removeprefix('Value error, ')}") from error
    except ValueError as error:  # a value that is to be JSON, and is not
        raise ConfigurationError(f"A TINTYPE_ setting cannot be read: {error}") from error
