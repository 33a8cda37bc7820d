"""Writes down what an application held when an exception was raised, so that a test can compare.

Runs inside the application, under every client and Python, and knows nothing about the server.
One line of JSON per exception, appended to the file named by TRUTH_FILE.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal

# Deeper than any client goes, so that the comparison decides where a cut is allowed.
DEPTH_MAX = 5
SCALARS = (bool, int, float, complex, str, bytes, Decimal)
SEQUENCES = (list, tuple, deque, set, frozenset)
MAPPINGS = (dict, OrderedDict, defaultdict, Counter)


def describe(value, depth=0):
    kind = type(value)
    described = {"type": kind.__qualname__, "module": kind.__module__}
    if value is None:
        described["is_null"] = True
    elif kind in SCALARS:
        described["value"] = repr(value)
    elif depth > DEPTH_MAX:
        described["opaque"] = True
    elif kind in SEQUENCES:
        described["size"] = len(value)
        described["elements"] = [describe(element, depth + 1) for element in value]
        described["ordered"] = kind not in (set, frozenset)
    elif kind in MAPPINGS:
        described["size"] = len(value)
        described["entries"] = [[describe(k, depth + 1), describe(v, depth + 1)] for k, v in value.items()]
    elif kind.__module__ in ("cases", "__main__") and hasattr(value, "__dict__") and not isinstance(value, BaseException):
        described["fields"] = {name: describe(field, depth + 1) for name, field in vars(value).items()}
    else:
        described["opaque"] = True
    return described


def describe_frame(traceback):
    frame, code = traceback.tb_frame, traceback.tb_frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    variables = {
        name: describe(value)
        for name, value in frame.f_locals.items()
        if not name.startswith(("_dd_", "@", "__")) and not isinstance(value, BaseException)
    }
    return {
        "file": code.co_filename,
        "function": code.co_name,
        "line_number": traceback.tb_lineno,
        "arguments": list(code.co_varnames[:count]),
        "cells": list(code.co_cellvars + code.co_freevars),
        "variables": variables,
    }


def is_own(traceback):
    """Whether the frame is of the applications, and not of this recorder."""
    file = os.path.abspath(traceback.tb_frame.f_code.co_filename)
    return os.path.dirname(file) == os.path.dirname(os.path.abspath(__file__)) and file != os.path.abspath(__file__)


def is_wrapped(tracebacks):
    """Whether the client wrapped this function for its first call: Python then shows it twice, around the client's own frame."""
    return len(tracebacks) > 2 and all(
        [
            "/ddtrace/internal/wrapping/" in tracebacks[1].tb_frame.f_code.co_filename,
            tracebacks[0].tb_frame.f_code.co_name == tracebacks[2].tb_frame.f_code.co_name,
        ]
    )


def describe_exception(error, relation):
    tracebacks, traceback = [], error.__traceback__
    while traceback is not None:
        tracebacks.append(traceback)
        traceback = traceback.tb_next
    frames = [describe_frame(tracebacks[i]) for i in range(len(tracebacks)) if is_own(tracebacks[i]) and not is_wrapped(tracebacks[i:])]
    return {
        "module": type(error).__module__,
        "name": type(error).__qualname__,
        "message": str(error),
        "relation": relation,
        "frames": frames,
    }


def describe_chain(error):
    """The exceptions from the root cause to the one that escaped, as Python prints them."""
    chain, relation = [], None
    while error is not None:
        chain.append(describe_exception(error, relation))
        if error.__cause__ is not None:
            error, relation = error.__cause__, "cause"
        elif error.__context__ is not None and not error.__suppress_context__:
            error, relation = error.__context__, "context"
        else:
            error = None
    return chain[::-1]


def record(case, error, **expected):
    line = json.dumps({"case": case, "exceptions": describe_chain(error), **expected})
    with open(os.environ["TRUTH_FILE"], "a", encoding="utf-8") as file:
        file.write(line + "\n")


def tell(**what):
    """Tells the test something, such as the port; one line of JSON on standard output."""
    print(json.dumps(what), flush=True)


def wait_for_test():
    """Keeps the process, and with it the client's uploads, alive until the test closes our input."""
    sys.stdin.read()


class RecordingAsgi:
    """An ASGI application that records what the one inside raises."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        try:
            await self.inner(scope, receive, send)
        except Exception as error:
            record(scope["path"].rsplit("/", 1)[-1], error)
            raise
