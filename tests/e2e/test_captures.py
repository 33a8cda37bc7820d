"""Captures are switched on and off from the server, for clients of Datadog that can be told, without a restart of the service."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from clients import CLIENTS, App, present
from polling import wait_until
from server import Server

# The client captures once per second at most.
PACE_SECONDS = 1.2
# It asks every second here, and begins to a few seconds after its start.
POLLING = {"DD_REMOTE_CONFIGURATION_ENABLED": "true", "DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS": "1"}

ABLE = [client for client in CLIENTS if client.major >= 4]


def put(server: Server, version: int, *switches: dict[str, Any]) -> dict[str, Any]:
    answer = requests.put(f"{server.ui}/api/v1/captures", json={"version": version, "switches": switches}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


class Failing:
    """An application that raises when it is told to."""

    def __init__(self, app: App, server: Server) -> None:
        self.app, self.server, self.count = app, server, 0

    def states(self) -> list[str]:
        return [event["values"]["state"] for event in self.server.events(f"service:{self.app.service}")]

    def raise_until(self, state: str) -> None:
        """Raises one exception after the other until the values of one have this state."""

        def raised() -> bool:
            before = self.states()
            assert self.app.process.stdin and self.app.process.poll() is None, self.app.log_path.read_text()[-3000:]
            self.app.process.stdin.write(b"%d\n" % self.count)
            self.app.process.stdin.flush()
            self.count += 1
            time.sleep(PACE_SECONDS)
            wait_until("it arrives", lambda: "pending" not in self.states() and len(self.states()) > len(before))
            return self.states().count(state) > before.count(state)

        wait_until(f"values are `{state}`", raised, 60)


@pytest.mark.parametrize("client", ABLE, ids=str)
def test_exception_replay_is_switched_off_and_on(client: Any, server: Server, tmp_path: Path) -> None:
    present(client)
    service = f"switched-{client.name}"
    version = server.get("/captures")["version"]
    app = App(client, "switched_app.py", service, server.agent, tmp_path, **POLLING)
    try:
        failing = Failing(app, server)
        failing.raise_until("captured")
        put(server, version, {"service": service, "env": "e2e", "enabled": False})
        failing.raise_until("off")
        put(server, version + 1, {"service": service, "env": "e2e", "enabled": True})
        failing.raise_until("captured")
    finally:
        app.stop()


@pytest.mark.parametrize("client", ABLE, ids=str)
def test_exception_replay_is_switched_on_where_the_service_was_started_without(client: Any, server: Server, tmp_path: Path) -> None:
    present(client)
    service = f"asleep-{client.name}"
    # Not set, rather than set to false: what somebody switched off in the service stays off.
    unset = {"DD_EXCEPTION_REPLAY_ENABLED": None, "DD_EXCEPTION_DEBUGGING_ENABLED": None}
    app = App(client, "switched_app.py", service, server.agent, tmp_path, **POLLING, **unset)
    try:
        failing = Failing(app, server)
        failing.raise_until("off")
        put(server, server.get("/captures")["version"], {"service": service, "enabled": True})
        failing.raise_until("captured")
    finally:
        app.stop()


def test_switches_by_the_command_line(server: Server) -> None:
    def capture(*arguments: str, code: int = 0) -> Any:
        done = server.command("capture", *arguments, "--server", server.ui, code=code)
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    put(server, server.get("/captures")["version"])
    assert "no switches" in capture("list")
    capture("off", "--service", "*")
    capture("on", "--service", "shop", "--env", "prod", "--per-second", "0.5")
    capture("off", "--service", "shop")
    found = capture("list", "--json")
    assert [(one["service"], one["env"], one["enabled"], one["captures_per_second"]) for one in found["switches"]] == [
        ("shop", None, False, None),
        ("shop", "prod", True, 0.5),
        ("*", None, False, None),
    ]
    assert capture("list").splitlines()[1] == "on   shop  prod  at most 0.5 per second"
    assert "no such switch" in capture("unset", "--service", "shop", "--env", "test", code=1)
    assert len(capture("unset", "--service", "shop", "--json")["switches"]) == 2
    told = requests.get(f"{server.agent}/native/v1/config", params={"service": "shop", "env": "prod"}, timeout=30).json()
    assert (told["enabled"], told["captures_per_second"]) == (True, 0.5)
    told = requests.get(f"{server.agent}/native/v1/config", params={"service": "other"}, timeout=30).json()
    assert told["enabled"] is False
    path = server.directory / "switches.json"
    path.write_text(json.dumps({"version": capture("list", "--json")["version"], "switches": []}))
    assert "no switches" in capture("set", str(path))
    entries = server.get("/audit", action="captures.changed")["entries"]
    assert entries[0]["detail"] == "0 switches, 0 of them off"
