"""Runs one crash under a client, in a process of its own: `capture.py CLIENT NAME TRUTH`.

Writes down what was raised, by Python's own means, for the comparison. With ddtrace the exception ends a span, as it would
end a request; with our client nobody takes it, and it ends the program.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path

from crashes import CRASHES

# Folders of the frames that belong to this program and not to the crash.
OWN = {str(Path(__file__).resolve()), str(Path(__file__).resolve().with_name("crashes.py"))}


def truth_of(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    deepest = frames[-1]
    return {
        "type": type(error).__name__,
        "message": str(error),
        "file": deepest.filename,
        "line": deepest.lineno,
        "function": deepest.name,
        "frames": sum(frame.filename not in OWN for frame in frames),
    }


def main() -> None:
    client, name, truth = sys.argv[1:]
    crash = CRASHES[name]
    sys.path.insert(0, str(crash.root))
    module = importlib.import_module(crash.app)
    try:
        if client == "ddtrace":
            from ddtrace.trace import tracer

            with tracer.trace("corpus.crash", resource=name):
                crash.run(module)
        else:
            crash.run(module)
    except Exception as error:
        Path(truth).write_text(json.dumps(truth_of(error)))
        if client != "ddtrace":
            raise
    else:
        sys.exit(f"`{name}` raised nothing")


if __name__ == "__main__":
    main()
