"""The OpenAPI document of img.pro's dialect says what there is, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.readers import read_from_filename

from graphql_api.domain.media import MAX_TAG, MAX_TAGS, MAX_TEXT
from graphql_api.domain.page import DEFAULT_PAGE, MAX_PAGE
from rest_compat.imgpro import errors, routes
from rest_compat.imgpro.present import RESERVED

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def document() -> Any:
    return read_from_filename(str(Path(routes.__file__).with_name("openapi.yaml")))[0]


def test_it_is_valid(document: Any) -> None:
    validate(document)


def test_it_has_every_route_and_no_other(document: Any) -> None:
    said = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "post", "patch", "delete", "put", "head"}
    }

    assert said == {(method, re.sub(r":[^/]*}$", "}", path)) for method, path, _ in routes.IMGPRO.routes}


def test_it_has_every_code_of_errors_and_no_other(document: Any) -> None:
    schemas = document["components"]["schemas"]
    kinds = {kind for _, kind, _ in errors._WORDS.values()}

    assert set(schemas["ErrorCode"]["enum"]) == errors.CODES
    assert set(schemas["ErrorWords"]["properties"]["type"]["enum"]) == kinds


def test_its_limits_are_ours(document: Any) -> None:
    schemas, parameters = (document["components"][name] for name in ("schemas", "parameters"))
    limit = parameters["Limit"]["schema"]

    assert (limit["maximum"], limit["default"]) == (MAX_PAGE, DEFAULT_PAGE)
    assert (schemas["Text"]["maxLength"], schemas["Tag"]["maxLength"]) == (MAX_TEXT, MAX_TAG)
    assert parameters["Tags"]["schema"]["maxItems"] == MAX_TAGS


def test_no_name_of_a_field_is_left_to_metadata(document: Any) -> None:
    assert set(document["components"]["schemas"]["Media"]["properties"]) <= RESERVED


def test_it_is_in_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.iterdir()

    assert "rest_compat/imgpro/openapi.yaml" in zipfile.ZipFile(wheel).namelist()
