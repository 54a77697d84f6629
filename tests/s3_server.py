"""An S3 endpoint of the tests' own: OpenStack Swift from Debian's packages, one node, one replica, gone afterwards.

Buckets are made and looked into by Swift's own API, so that what our S3 client did is not seen through its own eyes.
"""

from __future__ import annotations

import functools
import getpass
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import PATIENCE, free_port

PAGE, BATCH = 7, 20
ACCESS_KEY, SECRET_KEY = "test:tester", "testing"
_KINDS = ("account", "container", "object")
# In one go and by the system's Python, for which alone Swift is installed; its own command takes a second a step.
_RINGS = """
import sys
from swift.common.ring import RingBuilder
for kind, port in zip(sys.argv[2::2], sys.argv[3::2]):
    builder = RingBuilder(1, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1,
                     "replication_ip": "127.0.0.1", "replication_port": int(port)})
    builder.rebalance()
    builder.get_ring().save(f"{sys.argv[1]}/{kind}.ring.gz")
"""
_COMMON = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 0
disable_fallocate = true
log_facility = LOG_LOCAL1
[pipeline:main]
"""
_FILTERS = {
    "catch_errors": "",
    # It alone sees to it that answers to HEAD have no body.
    "proxy-logging": "use = egg:swift#proxy_logging",
    "cache": "use = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{memcached}",
    # Small pages and batches, so that a test need not make a thousand objects to see the second.
    "s3api": f"location = us-east-1\nmax_bucket_listing = {PAGE}\nmax_multi_delete_objects = {BATCH}",
    "tempauth": "user_test_tester = testing .admin",
    "copy": "",
    "slo": "",
    "dlo": "",
    "versioned_writes": "",
}


@dataclass(slots=True)
class S3:
    """A running endpoint."""

    folder: Path
    ports: Mapping[str, int] = field(
        default_factory=lambda: {name: free_port() for name in (*_KINDS, "proxy", "memcached")}
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _token: str = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['proxy']}"

    def url(self, bucket: str, prefix: str = "") -> str:
        """The STORAGE_URL."""
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region=us-east-1&path_style=true"

    def make_bucket(self, name: str) -> None:
        self._ask("PUT", name)

    def put_object(self, bucket: str, key: str, content: bytes) -> None:
        self._ask("PUT", f"{bucket}/{key}", content)

    def objects(self, bucket: str) -> list[str]:
        """The keys in a bucket; none where there is no bucket."""
        try:
            found = json.loads(self._ask("GET", f"{bucket}?format=json") or b"[]")
        except urllib.error.HTTPError:
            return []
        return [item["name"] for item in found]

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        subprocess.run(["kill", "-STOP", str(self.processes["proxy"].pid)], check=True)

    def thaw(self) -> None:
        subprocess.run(["kill", "-CONT", str(self.processes["proxy"].pid)], check=True)

    def _ask(self, method: str, path: str, content: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.endpoint}/v1/AUTH_test/{path}", content, method=method)
        request.add_header("X-Auth-Token", self._token)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return bytes(answer.read())

    def start(self) -> None:
        (self.folder / "devices" / "d1").mkdir(parents=True)
        (self.folder / "swift.conf").write_text(
            "[swift-hash]\nswift_hash_path_suffix = x\nswift_hash_path_prefix = x\n"
            "[storage-policy:0]\nname = only\ndefault = yes\n"
        )
        ports = [word for kind in _KINDS for word in (kind, str(self.ports[kind]))]
        subprocess.run(["/usr/bin/python3", "-W", "ignore", "-c", _RINGS, self.folder, *ports], check=True)
        for kind in _KINDS:
            self._configure(kind, f"pipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n")
        proxy = [f"pipeline = {' '.join(_FILTERS)} proxy-server", "[app:proxy-server]"]
        proxy += ["use = egg:swift#proxy", "account_autocreate = true"]
        for name, options in _FILTERS.items():
            proxy += [f"[filter:{name}]"] + ([] if "use =" in options else [f"use = egg:swift#{name}"])
            proxy.append(options.format_map(self.ports))
        self._configure("proxy", "\n".join(proxy))
        memcached = ["memcached", "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(self.ports["memcached"])]
        self.processes["memcached"] = subprocess.Popen(memcached)
        for kind in _KINDS:
            self._start(kind)
        for kind in _KINDS:
            _wait_for(functools.partial(self._knock, kind))
        self._start("proxy")  # last: it shuns for a minute who is not there when it is asked
        _wait_for(self._sign_in)

    def _start(self, kind: str) -> None:
        with (self.folder / f"{kind}.log").open("wb") as log:
            command: list[str | Path] = [f"swift-{kind}-server", self.folder / f"{kind}.conf"]
            self.processes[kind] = subprocess.Popen(command, stdout=log, stderr=log)

    def _knock(self, kind: str) -> None:
        socket.create_connection(("127.0.0.1", self.ports[kind])).close()

    def _configure(self, kind: str, what: str) -> None:
        common = _COMMON.format(port=self.ports[kind], user=getpass.getuser(), folder=self.folder)
        (self.folder / f"{kind}.conf").write_text(common + what)

    def _sign_in(self) -> None:
        request = urllib.request.Request(f"{self.endpoint}/auth/v1.0")
        request.add_header("X-Auth-User", ACCESS_KEY)
        request.add_header("X-Auth-Key", SECRET_KEY)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            self._token = str(answer.headers["X-Auth-Token"])

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


def _wait_for(attempt: Callable[[], None]) -> None:
    started = time.monotonic()
    while True:
        try:
            return attempt()
        except OSError:
            if time.monotonic() - started > PATIENCE:
                raise
            time.sleep(0.1)


def start_s3() -> S3 | None:
    """A running endpoint, or None where Swift is not installed."""
    if any(shutil.which(program) is None for program in ("memcached", *(f"swift-{kind}-server" for kind in _KINDS))):
        return None
    server = S3(Path(tempfile.mkdtemp(prefix="tintype-s3-")))
    try:
        server.start()
    except BaseException:
        server.stop()
        raise
    return server
