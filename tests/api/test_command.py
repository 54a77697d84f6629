"""The `tintype` command, run as users run it."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from tests import networks, pictures
from tests.postgres import Cluster
from tests.processes import run, serving


def test_the_first_start_prints_a_key_and_lines_that_work(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(pictures.jpeg(800, 600, orientation=6))
    with serving(tmp_path / "data", "--demo") as server:
        printed = _read_until(server.process, "small.webp")
        upload, query, fetch = (line.strip() for line in printed.splitlines() if line.strip().startswith("curl "))
        assert '"width":600,"height":800' in _shell(upload, tmp_path)
        assert '"name":"photo.jpg"' in _shell(query, tmp_path)
        _shell(fetch, tmp_path)
        assert pictures.decode((tmp_path / "small.webp").read_bytes()).size == (600, 800)  # never enlarged to 640
        assert server.base_url + "/graphql#key=img_live_" in printed
    with serving(tmp_path / "data", "--demo") as again:
        _, _ = again.stop()
        assert "img_live_" not in again.output


def test_a_misspelt_setting_is_said_without_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("TINTYPE_SMPT_URL=smtp://u:hunter2@mail.example\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with serving(tmp_path / "data", sign_upp="hunter2", zzzz="1") as server:
        _, written = server.stop()
    lines = [json.loads(line) for line in written.splitlines()]
    said = {line["name"]: line["nearest"] for line in lines if line["event"] == "unknown_setting"}

    assert said == {
        "TINTYPE_SIGN_UPP": "TINTYPE_SIGN_UP",
        "TINTYPE_SMPT_URL": "TINTYPE_SMTP_URL",
        "TINTYPE_ZZZZ": "",
    }
    assert "hunter2" not in written + server.output


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def _shell(line: str, folder: Path) -> str:
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_what_is_under_way_finishes(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as server:
        key = run(tmp_path, "key", "create", "--team", "t").stdout.strip()
        big = pictures.encode(pictures.photo(600, 400).resize((4000, 3000)), "PNG")
        statuses = []
        uploading = threading.Thread(target=lambda: statuses.append(_upload(server.base_url, key, big)))
        uploading.start()
        time.sleep(0.15)
        code, log = server.stop(number)
        uploading.join()

    assert code == 0
    assert statuses == [201]
    assert '"event":"stopped"' in log
    assert "Traceback" not in log


def _upload(url: str, key: str, content: bytes) -> int:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + content + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/v1/images", data=body, headers=headers)
    with urllib.request.urlopen(request) as response:
        return int(response.status)


def test_a_taken_port_is_one_line_and_makes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "one") as server:
        port = server.base_url.rpartition(":")[2]
        refused = run(tmp_path / "two", "serve", "--demo", "--port", port)

        assert refused.returncode == 1
        assert refused.stderr == f"tintype: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        assert not (tmp_path / "two").exists()


def test_several_processes_share_a_port(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        key = run(tmp_path, "key", "create", "--team", "t").stdout.strip()
        assert {_upload(server.base_url, key, pictures.png(seed=seed)) for seed in range(10)} == {201}
        code, log = server.stop()

    assert code == 0
    assert log.count('"event":"stopped"') == 2


def test_a_key_is_printed_alone_and_works_beside_a_running_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        made = run(tmp_path, "key", "create", "--team", "new", "--name", "n", "--scope", "read", "--profile", "g1")
        assert re.fullmatch(r"\d+\|[A-Za-z0-9]{40}\n", made.stdout)
        request = urllib.request.Request(
            f"{server.base_url}/graphql?query={{viewer{{team{{name}}key{{scopes}}}}}}",
            headers={"Authorization": f"Bearer {made.stdout.strip()}", "Accept": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["data"] == {"viewer": {"team": {"name": "new"}, "key": {"scopes": ["READ"]}}}


def test_a_user_is_made_once_and_the_password_is_nowhere(tmp_path: Path) -> None:
    words = ("user", "create", "--email", "Ada@Example.org", "--password-stdin", "--team", "t", "--admin")
    first, second = (run(tmp_path, *words, stdin="correct horse\n") for _ in range(2))
    rows = (
        sqlite3.connect(tmp_path / "tintype.db").execute("SELECT email, password, admin FROM user_account").fetchall()
    )

    assert (first.returncode, second.returncode) == (0, 1)
    assert "already a user" in second.stderr
    ((email, password, admin),) = rows
    assert (email, admin) == ("ada@example.org", 1)
    assert password.startswith("$argon2id$")


@pytest.mark.parametrize(("email", "password"), [("nonsense", "long enough"), ("a@b.example", "short")])
def test_a_user_that_cannot_be_is_refused_in_one_line(tmp_path: Path, email: str, password: str) -> None:
    refused = run(tmp_path, "user", "create", "--email", email, "--password-stdin", stdin=password)

    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


def test_the_doctor_says_what_works(tmp_path: Path) -> None:
    report = run(tmp_path, "doctor")

    reads = ("jpg", "png", "gif", "webp", "avif", "heic", "jxl", "tiff", "bmp", "ico", "svg")
    assert report.returncode == 0
    assert report.stdout.splitlines() == [
        "ok    database",
        "ok    storage",
        *(f"ok    read {name}" for name in reads),
        *(f"ok    write {name}" for name in ("jpg", "png", "gif", "webp", "avif")),
        "ok    write text",
        "ok    cut out     GrabCut, without a model: rough",
        "ok    find faces  by a cascade, without a model: frontal ones",
    ]


def test_the_doctor_names_the_models(tmp_path: Path) -> None:
    models = {
        "segmentation_model": str(networks.redness(tmp_path / "u2net.onnx", networks.IMAGENET, 320)),
        "face_model": str(networks.yunet(tmp_path / "yunet.onnx")),
    }
    report = run(tmp_path / "data", "doctor", **models)

    assert report.returncode == 0
    assert report.stdout.splitlines()[-2:] == ["ok    cut out     u2net.onnx", "ok    find faces  YuNet: yunet.onnx"]


def test_the_doctor_says_what_is_wrong_with_a_model(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nonsense")
    report = run(tmp_path / "data", "doctor", segmentation_model=str(broken), face_model=str(broken))

    assert report.returncode == 1
    *others, segment, faces = report.stdout.splitlines()
    assert all(line.startswith("ok") for line in others)
    assert segment.startswith(f"FAIL  cut out     {broken} cannot be loaded: ")
    assert faces.startswith(f"FAIL  find faces  {broken} cannot be loaded as a YuNet: ")
    assert "Traceback" not in report.stderr


def test_a_model_that_cannot_be_used_is_logged_at_the_start_and_all_else_works(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nonsense")
    with serving(tmp_path / "data", segmentation_model=str(broken)) as server:
        key = run(tmp_path / "data", "key", "create", "--team", "t").stdout.strip()
        assert _upload(server.base_url, key, pictures.png()) == 201
        with urllib.request.urlopen(f"{server.base_url}/readyz") as ready:
            assert ready.status == 200
        _, log = server.stop()

    (line,) = (line for line in log.splitlines() if "does_not_work" in line)
    assert str(broken) in line
    assert '"part":"cut out"' in line


def test_the_doctor_notices_that_there_are_no_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fonts.conf").write_text("<fontconfig></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    report = run(tmp_path / "data", "doctor")

    assert report.returncode == 0
    assert "no    write text  no font is installed, for example fonts-dejavu-core" in report.stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_pixels", "many"),
        ("database_url", "mysql://x"),
        ("storage_url", "ftp://bucket"),
        ("storage_url", "s3://key:secret@bucket"),
        ("storage_url", "s3://bucket?endpoint=nowhere"),
        ("public_url", "example.com"),
        ("import_host_map", "{"),
        ("rate_limit_scale", "-1"),
        ("rate_limit_scale", "inf"),
        ("log_format", "xml"),
        ("trusted_proxies", "10.0.0.0/8, proxy.example"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("redis_url", "http://127.0.0.1"),
        ("redis_url", "redis://:secret@127.0.0.1:many/0"),
        ("redis_url", "redis://127.0.0.1/0?max_connections=1"),
        ("redis_url", "unix:relative/socket"),
        ("segmentation_model", "/nowhere/u2net.onnx"),
        ("face_model", "/nowhere/yunet.onnx"),
    ],
)
def test_a_setting_that_is_not_usable_stops_the_start_with_one_line(tmp_path: Path, name: str, value: str) -> None:
    refused = run(tmp_path, "doctor", **{name: value})

    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert name.upper() in line.upper()


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor"])
def test_a_database_out_of_reach_is_one_line_without_its_password(tmp_path: Path, command: str) -> None:
    refused = run(tmp_path, command, database_url="postgres://me:secret@127.0.0.1:1/x")

    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line == "tintype: the database 127.0.0.1:1/x does not answer: ConnectionRefusedError"


@pytest.mark.parametrize(
    "url", ["postgres://u:geh/eim@h/x", "postgres://127.0.0.1:1/x?user=u&password=geheim", "postgres://u:geh#eim@h:1/x"]
)
def test_no_password_is_printed_however_it_is_spelled(tmp_path: Path, url: str) -> None:
    refused = run(tmp_path, "doctor", database_url=url)

    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert not any(part in refused.stderr for part in ("geh", "eim"))


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = run(tmp_path / "file" / "data", "doctor")

    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


def test_a_supervisor_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        server.process.kill()
        server.process.wait()
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{server.base_url}/healthz").close()
            except OSError:
                break
            time.sleep(0.1)
        else:
            pytest.fail("a web process lives on")


def test_postgres_is_not_migrated_behind_the_operators_back(tmp_path: Path, postgres: Cluster) -> None:
    url = postgres.create_database(f"serve{os.getpid()}")
    refused = run(tmp_path, "serve", database_url=url)
    assert refused.returncode == 1
    assert refused.stderr.strip() == "tintype: the database is not up to date; run: tintype migrate"
    assert run(tmp_path, "migrate", database_url=url).returncode == 0
    with serving(tmp_path, database_url=url) as server:
        key = run(tmp_path, "key", "create", "--team", "t", database_url=url).stdout.strip()
        assert _upload(server.base_url, key, pictures.png()) == 201
