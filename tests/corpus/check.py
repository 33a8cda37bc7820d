"""Runs a generated test as a module, without the command line: `check.py TEST`.

Prints what it raised, the deepest frame of all included.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback


def main() -> None:
    spec = importlib.util.spec_from_file_location("reproduction", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    sys.modules["reproduction"] = module
    spec.loader.exec_module(module)
    error = module.reproduce()
    seen = None
    if error is not None:
        deepest = traceback.extract_tb(error.__traceback__)[-1]
        seen = {"type": type(error).__name__, "message": str(error), "file": deepest.filename, "line": deepest.lineno}
    print("seen: " + json.dumps(seen), flush=True)
    # Threads that the application started do not keep anybody waiting.
    os._exit(0)


main()
