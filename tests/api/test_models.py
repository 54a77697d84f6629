"""A model that is configured and broken, as callers meet it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import pictures
from tests.conftest import make_settings, run_app


async def test_a_broken_model_is_not_configured_and_only_the_log_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "secret.onnx"
    broken.write_bytes(b"nonsense")
    settings = make_settings(tmp_path, imaging_workers=1, segmentation_model=broken)
    async with run_app(settings) as client:
        made = await client.uploaded(pictures.png())
        refused = await client.get(f"{made['url']}?segment=foreground")
        other = await client.get(f"{made['url']}?w=20")

    assert (refused.status, refused.json["error"]["code"]) == (501, "not_configured")
    assert b"secret" not in refused.body
    assert "model" in refused.json["error"]["message"]
    assert other.status == 200
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "imaging_refused" in line)
    assert f"{broken} cannot be loaded" in line
