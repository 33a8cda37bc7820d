"""What the tests of values ahead of the hook share: watching, what was captured when, and functions that raise."""

import json
import sys

import pytest
from capturing import short, start

from reenact import _native

needs_monitoring = pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is there from 3.12 on")

FAST = {"captures_per_second": 1e6, "novel_burst": 1e6, "novel_per_second": 1e6, "queue_captures_max": 1000, "raises_per_second": 1e6}


def watch(**options):
    start(**FAST)
    assert _native.watch(**(options or {"at_raise": True})) is None


def counts():
    return _native.status()["monitoring"]


def frames(error):
    """The captured frames by function: values when seen, at the raise, at entry."""
    found = {}
    for snapshot in json.loads(_native._captured_json(error))["snapshots"]:
        details = snapshot["details"]
        now = {**snapshot.get("arguments", {}), **snapshot.get("locals", {})}
        groups = (now, details.get("at_raise") or {}, details.get("at_entry") or {})
        found.setdefault(snapshot["function"], tuple({k: short(v) for k, v in group.items()} for group in groups))
    return found


class Resource:
    def __init__(self):
        self.state = "open"

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.state = "closed"


def spend(orders, kept):
    with Resource() as resource:
        total = 0
        while orders:
            total += orders.pop()
        raise ValueError(total)


def cleaned(orders):
    buffer = [1, 2]
    try:
        spend(orders, buffer)
    finally:
        buffer.clear()
