"""Reads the spans that a ddtrace client has sent to the recorder."""

from __future__ import annotations

from typing import Any

import msgpack
from recorder import Recorder

FRAME_TAGS = "_dd.debug.error."


def received_spans(recorder: Recorder) -> list[dict[str, Any]]:
    """All spans of v0.4 requests; the client is told to use that version."""
    spans = []
    for request in recorder.requests("/v0.4/traces"):
        for trace in msgpack.unpackb(request.body, strict_map_key=False):
            spans.extend(trace)
    return spans


def frame_tags(span: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Function and line of each captured frame, by its number."""
    found: dict[int, tuple[str, str]] = {}
    for name, value in span["meta"].items():
        number, _, field = name[len(FRAME_TAGS) :].partition(".")
        if name.startswith(FRAME_TAGS) and field == "function":
            found[int(number)] = (value, span["meta"][f"{FRAME_TAGS}{number}.line"])
    return found


def stack_frames(span: dict[str, Any]) -> list[tuple[str, str]]:
    """Function and line of each frame of the printed traceback, numbered from 1."""
    found = []
    for line in span["meta"]["error.stack"].splitlines():
        if line.startswith('  File "'):
            found.append((line.rpartition(", in ")[2], line.split(", line ")[1].split(",")[0]))
    return found
