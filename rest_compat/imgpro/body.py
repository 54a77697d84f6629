"""What comes in: forms and JSON read into fields, fields parsed into what a media is made of, or changed by."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import orjson
from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.duration import parse_ttl
from graphql_api.domain.labels import clean_attributes, clean_labels
from graphql_api.domain.media import KEEP, MAX_TAGS, Changes, Details, Keep, Upload, clean_text
from graphql_api.errors import InvalidInput
from graphql_api.services.batch import MAX_BATCH
from graphql_api.web.context import CONTEXT
from graphql_api.web.uploads import form_parts, part_pieces, read_form, read_json_object, read_text
from rest_compat.imgpro.generation import Generation

_MAX_FIELD = 64 * 1024  # bytes of a text field
_NAMESPACE = "namespace"  # kept as a label
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_TAG_MODES = ("replace", "add", "remove")

# What a change may say since generation 3, what an upload may, what a change may before: the rest is the caller's own.
_CHANGES = frozenset({"caption", "public", "ttl", "labels", "metadata"})
_DETAILS = _CHANGES | {"name", "description", "tags", _NAMESPACE, "external_id"}
_EARLIER_CHANGES = _CHANGES | {"name", "description", "tags", "tag_mode", _NAMESPACE}
# Seed 001: "sending `tags`, `namespace`, `nsfw`, `tool`, `defaults`, or `description` returns 422".
_REFUSED_BY_G3 = ("tags", "namespace", "nsfw", "tool", "defaults", "description")
# Our names of fields, and theirs.
_THEIRS = {"externalId": "external_id", "attributes": "metadata", "altText": "alt_text"}


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of a request, and the file of a form with the type that its part had."""

    fields: Mapping[str, object]
    upload: Upload | None = None
    part_type: str = ""

    def fingerprint(self) -> str:
        """What the request says, however its form or its JSON is written: for idempotency keys."""
        file = [self.upload.sha256, self.upload.filename, self.part_type] if self.upload else None
        parsed = {name: _parsed(self.fields[name]) for name in ("labels", "metadata") if name in self.fields}
        # (The standard library's JSON: names of files need not be Unicode.)
        said = json.dumps([{**self.fields, **parsed}, file], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def _parsed(value: object) -> object:
    """What JSON in a form says; anything else as it is."""
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return value


def is_form(request: web.Request) -> bool:
    """Whether the body may hold a file."""
    return request.content_type == "multipart/form-data"


async def read_upload(request: web.Request, principal: Principal, stack: AsyncExitStack, wanted: str) -> Body:
    """A form with one `file` at most, or JSON; the file lives as long as the stack. Errors name the `wanted` one."""
    if request.content_type == "application/json":
        return Body(await read_json_object(request))
    if not is_form(request):
        raise InvalidInput(wanted, "Send multipart/form-data with a 'file', or application/json with a 'url'.")
    spool, limit = request.app[CONTEXT].spool, principal.plan.max_file_bytes
    fields: dict[str, object] = {}
    upload, part_type = None, ""
    async for name, part in form_parts(request):
        if name != "file":
            fields[name] = await read_text(part, limit=_MAX_FIELD)
        elif upload is not None:
            raise InvalidInput("file", "Send one file.")
        else:
            filling = spool.fill(part_pieces(part), limit=limit, field="file", filename=part.filename)
            upload = await stack.enter_async_context(filling)
            part_type = part.headers.get("Content-Type", "")
    return Body(fields, upload, part_type)


async def read_fields(request: web.Request) -> Mapping[str, object]:
    """The fields of a change: JSON or a form, which has no null and says it of `ttl` by nothing."""
    if is_form(request):
        form = {name: await read_text(part, limit=_MAX_FIELD) async for name, part in form_parts(request)}
    elif request.content_type == "application/x-www-form-urlencoded":
        form = await read_form(request)
    else:
        return await read_json_object(request)
    return {**form, "ttl": None} if form.get("ttl") == "" else form


def details_of(fields: Mapping[str, object], *, public: bool, legacy: bool) -> Details:
    """What is said of a new media, `public` unless that is said. InvalidInput, under their names."""
    labels = _mapping("labels", fields.get("labels"))
    if namespace := _namespace(fields):
        labels = {**labels, _NAMESPACE: namespace}
    attributes = {key: text for key, text in _mapping("metadata", fields.get("metadata")).items() if text is not None}
    if legacy:
        attributes |= {key: text for key, text in _custom(fields, _DETAILS).items() if text is not None}
    ttl, asked = fields.get("ttl"), fields.get("public")
    try:
        return Details(
            name=_text("name", fields.get("name")),
            caption=next((text for text in _captions(fields) if text), None),
            public=public if asked in (None, "") else _flag("public", asked),
            tags=tags_of(fields.get("tags")),
            ttl=None if ttl in (None, "") else _ttl(ttl),
            labels={key: text for key, text in labels.items() if text is not None},
            attributes=attributes,
            external_id=_text("external_id", fields.get("external_id")),
        )
    except InvalidInput as error:
        raise _in_their_words(error) from error


def changes_of(fields: Mapping[str, object], generation: Generation, *, legacy: bool) -> Changes:
    """What an update changes. InvalidInput, under their names."""
    strict = legacy and generation not in (Generation.G1, Generation.G2)
    if strict:
        for name in _REFUSED_BY_G3:
            if name in fields:
                raise InvalidInput(name, f"'{name}' cannot be changed.")
    merged = dict(_mapping("metadata", fields.get("metadata")))
    if legacy:
        merged |= _custom(fields, _CHANGES if strict else _EARLIER_CHANGES)
    mode = (not strict and _text("tag_mode", fields.get("tag_mode"))) or "replace"
    if mode not in _TAG_MODES:
        raise InvalidInput("tag_mode", f"'tag_mode' must be one of: {', '.join(_TAG_MODES)}.")
    tags = tags_of(fields["tags"]) if "tags" in fields else None
    try:
        return Changes(
            name=_text("name", fields["name"]) or "" if "name" in fields and not strict else KEEP,
            caption=next(iter(_captions(fields)), KEEP),
            public=_flag("public", fields["public"]) if fields.get("public") is not None else KEEP,
            ttl=_changed_ttl(fields),
            tags=KEEP if tags is None or mode != "replace" else tags,
            added_tags=tags or () if mode == "add" else (),
            removed_tags=tags or () if mode == "remove" else (),
            labels=_changed_labels(fields),
            merged_labels={_NAMESPACE: _namespace(fields)} if _NAMESPACE in fields else {},
            merged_attributes=merged,
        )
    except InvalidInput as error:
        raise _in_their_words(error) from error


def ids_of(value: object) -> list[str]:
    """At most MAX_BATCH ids, as text with commas or as a list; each once. InvalidInput."""
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise InvalidInput("ids", "'ids' must be a list of ids.")
    if len(value) > MAX_BATCH:
        raise InvalidInput("ids", f"'ids' has at most {MAX_BATCH} items.")
    return list(dict.fromkeys(value))


def _in_their_words(error: InvalidInput) -> InvalidInput:
    return error.at(_THEIRS[error.field]) if error.field in _THEIRS else error


def _custom(fields: Mapping[str, object], ours: frozenset[str]) -> dict[str, str | None]:
    """Fields that mean nothing here: what the caller wants to be kept."""
    custom = {name: _plain(name, value) for name, value in fields.items() if name not in ours}
    for name, text in custom.items():
        try:
            clean_attributes({name: text or ""})
        except InvalidInput as error:
            raise error.at(name) from error
    return custom


def _plain(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise InvalidInput(name, f"'{name}' must be a text.")


def _text(name: str, value: object) -> str | None:
    if not isinstance(value, str | None):
        raise InvalidInput(name, f"'{name}' must be a text.")
    return value or None


def _captions(fields: Mapping[str, object]) -> list[str | None]:
    """What is said of the picture, under both its names: the newer one first."""
    return [clean_text(name, _text(name, fields[name])) for name in ("caption", "description") if name in fields]


def _whole(value: object) -> object:
    """To JSON 1.0 is 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _flag(name: str, value: object) -> bool:
    value = _whole(value)
    text = str(value).lower() if isinstance(value, bool | int | str) else ""
    if text not in _TRUE + _FALSE:
        raise InvalidInput(name, f"'{name}' must be true or false.")
    return text in _TRUE


def _ttl(value: object) -> dt.timedelta:
    value = _whole(value)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise InvalidInput("ttl", "'ttl' must be like 5m, 2h or 7d, or a number of seconds.")
    return parse_ttl(value)


def _changed_ttl(fields: Mapping[str, object]) -> dt.timedelta | Keep | None:
    if "ttl" not in fields:
        return KEEP
    return None if fields["ttl"] is None else _ttl(fields["ttl"])


def _namespace(fields: Mapping[str, object]) -> str | None:
    """The value of the label that a namespace is kept as."""
    namespace = _text(_NAMESPACE, fields.get(_NAMESPACE))
    try:
        clean_labels({_NAMESPACE: namespace} if namespace else {})
    except InvalidInput as error:
        raise error.at(_NAMESPACE) from error
    return namespace


def _changed_labels(fields: Mapping[str, object]) -> Mapping[str, str] | Keep:
    if "labels" not in fields:
        return KEEP
    return {key: text for key, text in _mapping("labels", fields["labels"]).items() if text is not None}


def tags_of(value: object) -> tuple[str, ...]:
    """At most MAX_TAGS tags, as text with commas or as a list. InvalidInput."""
    if value is None:
        return ()
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InvalidInput("tags", "'tags' must be a text with commas, or a list of texts.")
    tags = tuple(item for item in items if item.strip())
    if len(tags) > MAX_TAGS:
        raise InvalidInput("tags", f"'tags' has at most {MAX_TAGS} items.")
    return tags


def _mapping(name: str, value: object) -> dict[str, str | None]:
    """An object of texts, or JSON of one. InvalidInput."""
    if value is None or value == "":
        return {}
    value = _parsed(value)
    if not isinstance(value, dict):
        raise InvalidInput(name, f"'{name}' must be an object.")
    try:
        return {key: _plain(key, item) for key, item in value.items()}
    except InvalidInput as error:
        raise error.at(name) from error
