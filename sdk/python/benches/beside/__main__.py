"""What watching a service costs, and what arrives of it: this client beside ddtrace's Exception Replay and Sentry's SDK.

    python -m venv bench && bench/bin/pip install -r sdk/python/benches/beside/requirements.txt .build/wheels/reenact-….whl
    bench/bin/python sdk/python/benches/beside            # about 25 minutes; MEASURE … for some of them

Each measurement runs in a process of its own against a server on loopback that only takes what it is sent, all clients in
turn on the same machine. Requests are calls of the application in its process; there is no socket. Costs are CPU time: in
the thread that serves, the least of 15 windows of 40 requests; in the process, of all of them with what follows. The last
columns say what the others add, and how many times ours that is.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from sink import Sink

HERE = Path(__file__).resolve().parent
BINARIES = Path(sys.executable).parent
CLIENTS = ("nothing", "reenact", "ddtrace", "sentry")
STARTS = 15
# Smaller differences between two runs are noise.
SEEN_SHARE = 0.03
LIFTED = {
    "REENACT_CAPTURES_PER_SECOND": "1000000", "REENACT_NOVEL_BURST": "1000000", "REENACT_NOVEL_PER_SECOND": "1000000",
    "REENACT_EVENTS_PER_SECOND": "1000000", "REENACT_CPU_SHARE": "100", "REENACT_QUEUE_CAPTURES_MAX": "10000", "BENCH_LIFTED": "1",
}  # fmt: skip


def environment(client: str, sink: Sink, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "REENACT_", "SENTRY_", "PYTHON"))}
    address = f"http://127.0.0.1:{sink.port}"
    own: dict[str, dict[str, str]] = {
        "reenact": {"REENACT_ENABLED": "true", "REENACT_URL": address},
        "ddtrace": {
            "DD_TRACE_AGENT_URL": address,
            "DD_EXCEPTION_REPLAY_ENABLED": "true",
            "DD_REMOTE_CONFIGURATION_ENABLED": "false",
            "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        },
    }
    return {**kept, **own.get(client, {}), "BENCH_CLIENT": client, "BENCH_SINK": address, **more}


def command(client: str, *arguments: str) -> list[str]:
    runner = [str(BINARIES / "ddtrace-run")] if client == "ddtrace" else []
    return [*runner, sys.executable, *arguments]


def measured(client: str, measure: str, **more: str) -> tuple[dict[str, Any], Sink]:
    sink = Sink()
    try:
        done = subprocess.run(
            command(client, str(HERE / "program.py"), measure), env=environment(client, sink, **more), capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{client} {measure}: {done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1]), sink
    finally:
        sink.close()


def start_ms(client: str) -> float:
    """CPU milliseconds of a program that imports Flask and ends."""
    program = "import flask"
    if client == "sentry":
        program = "import sentry_sdk; sentry_sdk.init(dsn='http://key@127.0.0.1:1/1'); import flask"
    sink = Sink()
    least = float("inf")
    for _ in range(STARTS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command(client, "-c", program), env=environment(client, sink), check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    sink.close()
    return least


def costs(**more: str) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    for client in CLIENTS:
        for name, found in measured(client, "web", **more)[0].items():
            for whose, value in found.items():
                rows.setdefault(f"{name}, {whose}", {})[client] = value
    return rows


def print_rows(title: str, rows: dict[str, dict[str, float]]) -> None:
    """A table; the last columns are what the others add to doing nothing."""
    print(f"\n| {title} | {' | '.join(CLIENTS)} | ddtrace adds | sentry adds |\n|---|{'---|' * (len(CLIENTS) + 2)}")
    for name, row in rows.items():
        base = row.get("nothing", 0)
        ours = row["reenact"] - base
        # What is near to nothing cannot be divided by.
        is_seen = ours > SEEN_SHARE * base
        added = [(row[client] - base) for client in ("ddtrace", "sentry")]
        times = [f"{value:,.1f}" + (f", {value / ours:.0f} times ours" if is_seen else "") for value in added]
        cells = [f"{row[client]:,.1f}" if client in row else "" for client in CLIENTS]
        print(f"| {' | '.join([name, *cells, *times])} |", flush=True)


def main() -> None:
    wanted = sys.argv[1:] or ["web", "lifted", "start", "memory", "starvation", "sizes"]
    if "web" in wanted:
        print_rows("CPU µs of a request, limits as they come", costs())
    if "lifted" in wanted:
        print_rows("CPU µs of a request, every exception captured", {n: r for n, r in costs(**LIFTED).items() if "/fail" in n})
    if "start" in wanted:
        print_rows("CPU ms", {"start of a program that imports Flask": {client: start_ms(client) for client in CLIENTS}})
    if "memory" in wanted:
        found = {client: measured(client, "memory", **LIFTED)[0] for client in CLIENTS}
        print_rows("MB resident", {name: {client: found[client][name] for client in CLIENTS} for name in ("started", "after")})
    if "starvation" in wanted:
        for client in CLIENTS[1:]:
            told, sink = measured(client, "starvation")
            contents = sink.contents()
            arrived = sum(f"held-{number}-here".encode() in contents for number in range(10))
            print(f"\nstarvation, {client}: {arrived} of 10 with values, beside {told['loops']:,} failures in a loop", flush=True)
    if "sizes" in wanted:
        for client in CLIENTS[1:]:
            sent = measured(client, "sizes")[1].bytes_by_mark()
            sent.pop(0, None)
            median = statistics.median(sent.values())
            print(
                f"\nbytes per event, {client}: median {median:,.0f} of {len(sent)} ({min(sent.values()):,} to {max(sent.values()):,})",
                flush=True,
            )


if __name__ == "__main__":
    main()
