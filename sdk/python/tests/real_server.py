"""The server itself, for tests of what arrives there: the binary that `REENACT_BIN` names."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from conftest import wait_until

BINARY = Path(__file__).resolve().parents[3] / os.environ.get("REENACT_BIN", "target/release/reenact")

needs_server = pytest.mark.skipif(not BINARY.exists(), reason=f"no server at {BINARY}; name one with REENACT_BIN")


class Server:
    """`reenact serve` on free ports."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._start("127.0.0.1:0")

    def _start(self, agent: str) -> None:
        directory = self._directory
        ready = directory / "ready.json"
        ready.unlink(missing_ok=True)
        command = [str(BINARY), "serve", "--data-dir", str(directory / "data"), "--agent-listen", agent]
        command += ["--listen", "127.0.0.1:0", "--ready-file", str(ready), "--agent-socket", str(directory / "agent.sock")]
        self.socket = f"unix://{directory / 'agent.sock'}"
        self._log = (directory / "serve.log").open("w")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        wait_until("the server is ready", lambda: ready.exists() and ready.read_text())
        addresses = json.loads(ready.read_text())
        self.agent, self.ui = addresses["agent"], addresses["ui"]

    def get(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.ui}/api/v1{path}?{query}", timeout=30) as answer:
            return json.load(answer)

    def put(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(f"{self.ui}/api/v1{path}", json.dumps(body).encode(), method="PUT")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def events(self, service: str) -> list[dict[str, Any]]:
        issues = self.get("/issues", query=f"service:{service}")["issues"]
        listed = [event for issue in issues for event in self.get(f"/issues/{issue['id']}/events")["events"]]
        return [self.get(f"/events/{event['id']}") for event in listed]

    def wait_for_events(self, service: str, count: int) -> list[dict[str, Any]]:
        def settled() -> Any:
            events = self.events(service)
            return len(events) >= count and all(event["values"]["state"] != "pending" for event in events) and events

        events: list[dict[str, Any]] = wait_until(f"{count} events of {service}", settled, 30)
        assert len(events) == count, [event["exceptions"] for event in events]
        return events

    def restart(self) -> None:
        """At the same address for clients."""
        self.stop()
        self._start(self.agent.partition("://")[2])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


def frame_of(event: dict[str, Any], function: str) -> dict[str, Any]:
    """The innermost frame of a function, with its values."""
    frames = [frame for exception in event["exceptions"] for frame in exception["frames"] if frame["function"] == function]
    assert frames and frames[-1]["values"]["state"] == "captured", json.dumps(event)[:4000]
    return frames[-1]
