"""Recorded requests of real clients, in the order of arrival and in others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from payloads import recorded, send_recorded
from polling import wait_until
from server import Server

SCENARIOS = ("4.16-flask-v05", "4.16-script-v05", "4.16-fastapi", "4.16-diagnostics-fallback", "1.16-flask-v04", "1.16-script-v05")
# Recorded on a fixed day, which lies before the default range.
LONG_AGO = "2020-01-01T00:00:00Z"


def stored(server: Server) -> dict[str, Any]:
    """What an order of arrival must not change, by trace and place."""
    found: dict[str, Any] = {}
    for issue in server.get("/issues", limit=200, **{"from": LONG_AGO})["issues"]:
        page = server.get(f"/issues/{issue['id']}/events", limit=200, **{"from": LONG_AGO})
        for summary in page["events"]:
            event = server.get(f"/events/{summary['id']}")
            kept = {"exceptions": event["exceptions"], "state": event["values"]["state"], "fingerprint": event["grouping"]["fingerprint"]}
            found[f"{event['trace_id']} {event['span_id']} {event['exceptions'][-1]['message']}"] = kept
    return found


def replay(server: Server, requests: list[dict]) -> dict[str, Any]:
    for request in requests:
        send_recorded(server.agent, request)

    def settled() -> dict[str, Any] | None:
        found = stored(server)
        return found if found and all(kept["state"] != "pending" for kept in found.values()) else None

    return wait_until("the replayed events have their values", settled, 30)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_values_attach_in_any_order(scenario: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    requests = recorded(scenario)
    traces_first = sorted(requests, key=lambda request: not request["is_trace"])
    snapshots_first = sorted(requests, key=lambda request: request["is_trace"])
    results = {}
    for order, sequence in {"as recorded": requests, "traces first": traces_first, "snapshots first": snapshots_first}.items():
        server = Server(tmp_path_factory.mktemp("replay")).start()
        try:
            results[order] = replay(server, sequence)
            server.stop()
        finally:
            if server.process.poll() is None:
                server.kill()
    assert any(kept["state"] == "captured" for kept in results["as recorded"].values()), "nothing was captured"
    for order in ("traces first", "snapshots first"):
        assert set(results[order]) == set(results["as recorded"]), f"{order}: other events"
        for key, kept in results["as recorded"].items():
            assert json.dumps(results[order][key], sort_keys=True) == json.dumps(kept, sort_keys=True), f"{order}: {key} differs"
