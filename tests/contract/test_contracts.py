"""What the repository promises about itself: SDL, import rules, documents, lock files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import parse, validate

from graphql_api.config import Settings
from graphql_api.domain.cdn_options import OPTIONS
from graphql_api.domain.query_values import OVERLAY_KEYS, TEXT_KEYS
from graphql_api.domain.transform_query import OVERLAYS, PARAMETERS
from rest_compat.imgpro.routes import IMGPRO
from schema.build import SCHEMA, sdl
from tests.guide import OPERATIONS

ROOT = Path(__file__).parents[2]


def test_the_committed_sdl_is_true() -> None:
    assert (ROOT / "schema" / "schema.graphql").read_text() == sdl(), "run `make sdl`"


def test_everything_in_the_schema_is_described() -> None:
    described = {kind for kind in SCHEMA._schema.type_map.values() if not kind.name.startswith("__")}
    standard = {"String", "Int", "Boolean", "ID", "Float"}
    silent = [kind.name for kind in described if not kind.description and kind.name not in standard]
    for kind in described:
        fields = getattr(kind, "fields", {})
        silent += [f"{kind.name}.{name}" for name, field in fields.items() if not field.description]
        for name, field in fields.items():
            arguments = getattr(field, "args", {})
            silent += [
                f"{kind.name}.{name}({a})"
                for a, argument in arguments.items()
                if not argument.description and a not in {"input", "transform"}
            ]

    assert silent == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_operations_of_the_guide_are_valid(name: str) -> None:
    assert validate(SCHEMA._schema, parse(OPERATIONS[name])) == []


BREAKS = {
    "The house has floors": ("graphql_api/domain/ids.py", "from graphql_api.services import batch"),
    "every module has its place": ("graphql_api/utils.py", ""),
    "The languages stand between": ("rest_compat/dialect.py", "import schema.build"),
    "The edge asks services": ("graphql_api/web/pages.py", "from graphql_api.db import media"),
    "Nothing below the edge knows HTTP": ("graphql_api/services/batch.py", "import aiohttp"),
    "Each library has one home": ("graphql_api/services/limits.py", "import redis"),
    "The pool runs in the web process": ("graphql_api/imaging/pool.py", "import cv2"),
    "The domain is pure": ("graphql_api/domain/ids.py", "import orjson"),
    "No cycles": ("graphql_api/domain/media.py", "from graphql_api.domain import rendition"),
}


@pytest.mark.parametrize("contract", sorted(BREAKS))
def test_each_import_rule_fails_when_it_is_broken(tmp_path: Path, contract: str) -> None:
    for package in ("graphql_api", "schema", "rest_compat"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("static", "graphiql", "__pycache__")
        )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    path, line = BREAKS[contract]
    with (tmp_path / path).open("a") as file:
        file.write(f"\n{line}\n")
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [lint, "--no-cache", "--no-logo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    report = " ".join(result.stdout.split())

    assert result.returncode == 1, report
    broken = re.findall(r"([A-Z][^.]*?) BROKEN", report.partition("----")[0] or report)
    assert any(contract in name for name in broken) or re.search(f"{contract}[^.]*BROKEN", report), report


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    undocumented = [name for name in Settings.model_fields if f"`TINTYPE_{name.upper()}`" not in text]
    invented = set(re.findall(r"`TINTYPE_(\w+)`", text)) - {name.upper() for name in Settings.model_fields}

    assert undocumented == []
    assert invented == set()


def test_every_transform_parameter_is_documented() -> None:
    text = (ROOT / "docs" / "transforms.md").read_text()
    rows = {
        tuple(re.findall(r"`([\w-]+)`", line.split("|")[1])) for line in text.splitlines() if line.startswith("| `")
    }

    assert {row.names for row in PARAMETERS} <= rows
    assert {(name,) for name in OVERLAYS} <= rows
    for parts in (OVERLAY_KEYS, TEXT_KEYS):
        assert set(parts) <= {name for row in rows for name in row}


def test_every_picture_of_the_documents_is_there_and_every_one_that_is_there_is_used() -> None:
    text = (ROOT / "docs" / "transforms.md").read_text()
    drawn = {path.name for path in (ROOT / "docs" / "images").iterdir()}

    assert set(re.findall(r"\]\(images/([\w-]+\.webp)\)", text)) == drawn


def test_every_option_of_cloudflares_grammar_is_documented() -> None:
    section = (ROOT / "docs" / "rest.md").read_text().partition("## Cloudflare")[2]

    assert [name for name in OPTIONS if f"`{name}`" not in section and f"`{name}=" not in section] == []


def test_every_route_of_a_dialect_is_documented() -> None:
    text = (ROOT / "docs" / "rest.md").read_text()

    assert [path for method, path, _ in IMGPRO.routes if f"`{method} {path}`" not in text] == []


def test_every_error_code_is_documented() -> None:
    from tests.unit.test_errors import _all

    text = (ROOT / "docs" / "errors.md").read_text()

    assert [kind.code for kind in _all() if f"`{kind.code}`" not in text] == []


def test_the_query_of_the_readme_is_valid() -> None:
    (body,) = re.findall(r"--json \\\n  '(.*?)'", (ROOT / "README.md").read_text())

    assert validate(SCHEMA._schema, parse(json.loads(body)["query"])) == []


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert text.count("--hash=") >= text.count("==") > 0
    for folder in ("graphql_api/web/graphiql", "tests/load/peers/ipx", "tests/conformance"):
        packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
        assert len(packages) > 30
        assert [name for name, package in packages.items() if name and "integrity" not in package] == []
        assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_make_target_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)

    assert {"run", "test", "check", "bench", "fmt", "sdl", "migrate", "help", "setup"} <= set(targets)
    assert [name for name in targets if not re.search(rf"^{name}:.*## ", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "name", ["ARCHITECTURE", "accounts", "configuration", "transforms", "graphql", "rest", "errors", "operations"]
)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    page = ROOT / "docs" / f"{name}.md"
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]+)(?:#([\w-]+))?", page.read_text()):
        assert (page.parent / target).exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", (page.parent / target).read_text(), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in titles}, target
