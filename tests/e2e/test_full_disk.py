"""A disk without room: nothing is acknowledged that is not kept, reads go on, and intake too as soon as there is room."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from payloads import error_span, post_snapshots, post_traces, snapshot, traces_body
from polling import wait_until
from server import Server

DISK_BYTES = 64 << 20
SENDERS = 4


class SmallDisk:
    """A file system in memory that only the server sees: a mount in a user namespace needs no rights."""

    def __init__(self, directory: Path) -> None:
        self._mounted = directory / "data"
        self._mounted.mkdir()
        script = f'mount -t tmpfs -o size={DISK_BYTES} reenact-test "$0" && echo mounted && read _'
        namespaces = ["unshare", "--user", "--map-root-user", "--mount"]
        self._holder = subprocess.Popen(
            [*namespaces, "sh", "-c", script, str(self._mounted)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        if self._holder.stdout.readline() != b"mounted\n":
            self.close()
            pytest.skip(f"NOT TESTED on a full file system, which cannot be mounted here: {self._holder.stderr.read().decode().strip()}")
        # Entered by the server; the mount lives as long as the holder, through every restart.
        self.prefix = ("nsenter", "--preserve-credentials", "--user", "--mount", f"--target={self._holder.pid}")

    @property
    def _filler(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{self._mounted}/filler")

    def fill(self, _server: Server) -> None:
        with self._filler.open("ab", buffering=0) as filler:
            for size in (1 << 16, 1):
                try:
                    while filler.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def empty(self, _server: Server) -> None:
        self._filler.unlink()

    def close(self) -> None:
        self._holder.stdin.close()
        self._holder.wait()


class SizeLimit:
    """No file of the server may be written to any more: works wherever there are processes."""

    # The signal would end the server; a disk sends none.
    prefix = ("sh", "-c", 'trap "" XFSZ && exec "$@"', "sh")

    def fill(self, server: Server) -> None:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def empty(self, server: Server) -> None:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self) -> None:
        pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("NOT TESTED on a full file system: no unshare and nsenter here (util-linux)")
    disk = SmallDisk(tmp_path)
    yield disk
    disk.close()


@pytest.fixture(params=["file_system", "file_size"])
def disk(request: pytest.FixtureRequest) -> SmallDisk | SizeLimit:
    return request.getfixturevalue("small_disk") if request.param == "file_system" else SizeLimit()


@pytest.fixture
def disk_server(disk: SmallDisk | SizeLimit, tmp_path: Path) -> Iterator[Server]:
    if resource.getrlimit(resource.RLIMIT_FSIZE)[1] != resource.RLIM_INFINITY:
        pytest.skip("NOT TESTED: this shell limits the size of files, so the test could not take its limit back")
    server = Server(tmp_path, prefix=disk.prefix)
    try:
        yield server.start()
        server.stop()
    finally:
        if server.process.poll() is None:
            server.kill()


class Sender:
    """Sends from several threads until told to stop; remembers what was acknowledged."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.acknowledged: list[str] = []
        self.refused: list[requests.Response] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def _send(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            name = f"s{number}n{count}x"
            answer = post_traces(self.agent, traces_body(error_span("disk", name)), timeout=20)
            if answer.status_code == 200:
                self.acknowledged.append(name)
            else:
                self.refused.append(answer)

    def __enter__(self) -> Sender:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


class SnapshotSender:
    """Sends values, others each time."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.acknowledged = self.refused = 0

    def send(self) -> requests.Response:
        name = f"values {self.acknowledged + self.refused}"
        answer = post_snapshots(self.agent, json.dumps([snapshot("disk", name, number={"type": "int", "value": "1"})]))
        assert answer.ok or answer.status_code == 503
        self.acknowledged += answer.ok
        self.refused += not answer.ok
        return answer


def is_taken(server: Server, service: str, message: str) -> bool:
    return post_traces(server.agent, traces_body(error_span(service, message))).ok


def messages(server: Server) -> list[str]:
    return sorted(event["exceptions"][-1]["message"] for event in server.events("service:disk"))


def is_ready(server: Server) -> bool:
    return requests.get(f"{server.ui}/readyz", timeout=10).status_code == 200


def test_a_full_disk_is_told_to_clients_and_loses_nothing(disk_server: Server, disk: SmallDisk | SizeLimit) -> None:
    server = disk_server
    with Sender(server.agent) as sender:
        wait_until("some events are acknowledged", lambda: len(sender.acknowledged) > 50)
        disk.fill(server)
        wait_until("events are refused", lambda: len(sender.refused) > 20)
    assert {answer.status_code for answer in sender.refused} == {503}
    assert {answer.json()["error"]["code"] for answer in sender.refused} == {"storing_failed"}
    if isinstance(disk, SmallDisk):
        assert "the disk is full" in sender.refused[-1].json()["error"]["message"]
        assert "storing failed" in server.stderr()
    values = SnapshotSender(server.agent)
    # The index gives room back now and then, when it merges its files; what is sent then is kept.
    wait_until("values are refused", lambda: disk.fill(server) or not values.send().ok)
    failed_count = len(sender.refused) + values.refused
    assert server.outcomes() == {"stored": len(sender.acknowledged) + values.acknowledged, "failed": failed_count}
    metrics = requests.get(f"{server.ui}/metrics", timeout=10).text
    failed = [line for line in metrics.splitlines() if 'outcome="failed"' in line]
    assert sum(int(line.rsplit(" ", 1)[-1]) for line in failed) == failed_count, failed
    # As above: with room given back it is ready again, rightly.
    wait_until("it is not ready", lambda: disk.fill(server) or not is_ready(server))
    assert requests.get(f"{server.ui}/healthz", timeout=10).ok, "the process itself is well"

    assert messages(server) == sorted(sender.acknowledged), "reads go on, and show exactly what was acknowledged"
    assert sum(issue["count"] for issue in server.issues("service:disk")) == len(sender.acknowledged)
    assert requests.get(server.ui, timeout=10).ok

    disk.empty(server)
    assert post_traces(server.agent, traces_body(error_span("disk", "after"))).status_code == 200
    assert is_ready(server)
    server.stop()
    server.start()
    assert messages(server) == sorted([*sender.acknowledged, "after"])
    assert sum(issue["count"] for issue in server.issues("service:disk")) == len(sender.acknowledged) + 1


def test_killed_and_started_again_on_a_full_disk_it_shows_what_it_has(small_disk: SmallDisk, tmp_path: Path) -> None:
    server = Server(tmp_path, prefix=small_disk.prefix).start()
    try:
        acknowledged = [f"kept {number}" for number in range(20)]
        assert post_traces(server.agent, traces_body(*(error_span("disk", name) for name in acknowledged))).ok
        wait_until("an event is refused", lambda: small_disk.fill(server) or not is_taken(server, "other", "refused or not"))
        server.kill()
        server.start()
        assert messages(server) == sorted(acknowledged)
        small_disk.empty(server)
        wait_until("an event is taken", lambda: is_taken(server, "disk", "after"))
        assert set(messages(server)) == {*acknowledged, "after"}
        server.stop()
    finally:
        if server.process.poll() is None:
            server.kill()


@pytest.mark.parametrize("disk", ["file_size"], indirect=True)
def test_it_becomes_ready_again_without_being_sent_anything(disk_server: Server, disk: SizeLimit) -> None:
    disk.fill(disk_server)
    wait_until("an event is refused", lambda: not is_taken(disk_server, "disk", "refused"))
    assert not is_ready(disk_server)
    disk.empty(disk_server)
    # Whoever balances load sends nothing to a server that is not ready.
    wait_until("it is ready", lambda: is_ready(disk_server), 5)
