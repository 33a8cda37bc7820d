"""Waiting for something without sleeping for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
INTERVAL_SECONDS = 0.1


def wait_until(what: str, ask: Callable[[], Found | None], seconds: float = 20) -> Found:
    """Asks until the answer is true; fails with `what` and the last answer otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds:.0f} s: {what}; last answer: {answer!r}")
        time.sleep(INTERVAL_SECONDS)
