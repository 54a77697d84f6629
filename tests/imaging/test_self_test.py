"""What the examination says of a machine where something is missing, or does not end."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.config import Settings
from graphql_api.errors import TookTooLong, UnsupportedMedia
from graphql_api.imaging import abilities, codecs, self_test
from graphql_api.imaging.jobs import Examine, Finding, Part, State
from graphql_api.imaging.pool import ImagingPool
from graphql_api.wiring import open_services


def _examined(folder: Path, part: Part) -> dict[str, Finding]:
    return {finding.name: finding for finding in self_test.examine(Examine(folder, part))}


def test_what_is_not_installed_is_absent_and_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abilities, "sees", lambda: False)
    monkeypatch.setattr(abilities, "reads_jxl", lambda: False)
    absent = {
        name: finding.note
        for part in Part
        for name, finding in _examined(tmp_path, part).items()
        if finding.state is State.ABSENT
    }

    assert absent == {
        "read jxl": "not installed: the extra jxl",
        "cut out": "not installed: the extra vision",
        "find faces": "not installed: the extra vision",
    }
    assert Finding("x", State.ABSENT).works


def test_a_decoder_that_fails_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_HEIC", self_test._HEIC[:-40])
    monkeypatch.setitem(codecs._LOADERS, next(iter(codecs._LOADERS)), ("pngload", "VipsForeignLoadPngFile"))
    found = _examined(tmp_path, Part.FORMATS)

    assert [name for name, finding in found.items() if not finding.works] == ["read jpg", "read heic", "write jpg"]
    assert found["read heic"].note.startswith("another decoder: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [TookTooLong("It took too long."), UnsupportedMedia("file", "It died."), OSError()])
async def test_a_part_that_fails_as_a_whole_hides_no_other(
    settings: Settings, imaging: ImagingPool, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    examine = ImagingPool.examine

    async def fail_to_segment(pool: ImagingPool, job: Examine) -> list[Finding]:
        if job.part is Part.SEGMENT:
            raise error
        return await examine(pool, job)

    monkeypatch.setattr(ImagingPool, "examine", fail_to_segment)
    async with open_services(settings, imaging) as services:
        found = await services.health.examine()
        failing = await services.health.failing()

    assert [finding.name for finding in found if not finding.works] == ["segment"]
    assert len(found) == 21
    assert failing == []
