"""Bodies as a client would send them, made by hand, and recorded ones from fixtures/ddtrace."""

from __future__ import annotations

import gzip
import itertools
import json
import time
import uuid
from pathlib import Path
from typing import Any

import msgpack
import requests

from server import ROOT

FIXTURES = ROOT / "fixtures/ddtrace"
TRACE_HEADERS = {
    "Content-Type": "application/msgpack",
    "Datadog-Meta-Lang": "python",
    "Datadog-Meta-Tracer-Version": "4.16.0",
    "X-Datadog-Trace-Count": "1",
}
_ids = itertools.count(time.time_ns())


def error_span(service: str, message: str, /, **fields: Any) -> dict[str, Any]:
    span_id = next(_ids)
    place = f'File "/srv/{service}/billing.py", line 41, in settle'
    stack = f"Traceback (most recent call last):\n  {place}\n    post(entry)\nValueError: {message}\n"
    return {
        "service": service, "name": "job.run", "resource": "settle", "type": "worker",
        "trace_id": span_id, "span_id": span_id, "start": time.time_ns(), "duration": 1_000_000, "error": 1,
        "meta": {"error.type": "builtins.ValueError", "error.message": message, "error.stack": stack, "language": "python"},
        "metrics": {"_sampling_priority_v1": 1.0},
        **fields,
    }  # fmt: skip


def captured_span(service: str, message: str, name: str) -> dict[str, Any]:
    """An error span whose one frame has the values of `snapshot(service, name)`."""
    span = error_span(service, message)
    span["meta"] |= {
        "error.debug_info_captured": "true",
        "_dd.debug.error.exception_capture_id": uuid_of(name),
        "_dd.debug.error.1.snapshot_id": uuid_of(name),
        "_dd.debug.error.1.function": "settle",
        "_dd.debug.error.1.file": f"/srv/{service}/billing.py",
        "_dd.debug.error.1.line": "41",
    }
    return span


def traces_body(*spans: Any) -> bytes:
    """A v0.4 body with one trace per span."""
    return msgpack.packb([[span] for span in spans])


def post_traces(agent: str, body: bytes, timeout: float = 30, **headers: str) -> requests.Response:
    return requests.post(f"{agent}/v0.4/traces", data=body, headers={**TRACE_HEADERS, **headers}, timeout=timeout)


def uuid_of(name: str) -> str:
    """The same id for the same name: snapshots are known by UUIDs."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def snapshot(service: str, name: str, **captured: Any) -> dict[str, Any]:
    """One element of /debugger/v2/input, as 4.16 sends it; its id is `uuid_of(name)`."""
    identifier = uuid_of(name)
    now = time.time_ns() // 1_000_000
    location = {"file": f"/srv/{service}/billing.py", "lines": ["41"]}
    return {
        "service": service, "ddsource": "dd_debugger", "timestamp": now, "message": "exception info for settle",
        "logger": {"name": location["file"], "method": "settle", "thread_name": "MainThread;pid:1", "thread_id": 1, "version": 2},
        "debugger": {"snapshot": {
            "id": identifier, "timestamp": now, "evaluationErrors": [], "language": "python", "type": "snapshot", "duration": None,
            "exceptionId": identifier, "probe": {"id": identifier, "version": 0, "location": location},
            "stack": [{"fileName": location["file"], "function": "settle", "lineNumber": 41}],
            "captures": {"lines": {"41": {"arguments": captured, "locals": {}, "staticFields": {}, "throwable": None}}},
        }},
    }  # fmt: skip


def post_snapshots(agent: str, body: bytes | str, **headers: str) -> requests.Response:
    headers = {"Content-Type": "application/json", **headers}
    data = body.encode() if isinstance(body, str) else body
    return requests.post(f"{agent}/debugger/v2/input", data=data, headers=headers, timeout=60)


def recorded(scenario: str) -> list[dict[str, Any]]:
    """The recorded requests of a scenario that carry traces or snapshots, in order of arrival, with `body`."""
    directory = FIXTURES / scenario
    requests_of = json.loads((directory / "requests.json").read_text())["requests"]
    found = []
    for request in requests_of:
        path = request["path"].split("?")[0]
        if request.get("body_file") and (path.endswith("/traces") or path.startswith("/debugger/")):
            found.append({**request, "body": body_of(directory / request["body_file"]), "is_trace": path.endswith("/traces")})
    assert found, f"nothing to replay in {directory}"
    return found


def send_recorded(agent: str, request: dict[str, Any]) -> None:
    """Sends it as it was sent; the length and the host are those of today."""
    left_out = {"content-length", "host", "transfer-encoding", "connection"}
    headers = {name: value for name, value in request["headers"] if name.lower() not in left_out}
    answer = requests.request(request["method"], agent + request["path"], data=request["body"], headers=headers, timeout=30)
    assert answer.status_code // 100 == 2, f"{request['method']} {request['path']}: {answer.status_code} {answer.text[:500]}"


def body_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
