"""Raises an exception of its own kind for each line of its input: no two are the same to the client."""

import sys

try:
    from ddtrace.trace import tracer
except ImportError:  # ddtrace 1
    from ddtrace import tracer

SOURCE = """
def charge(amount):
    raise ValueError(amount)
"""


def failing(number):
    # Another line, and so another place; in this file, and so in code of the service.
    scope = {}
    exec(compile("\n" * number + SOURCE, __file__, "exec"), scope)
    return scope["charge"]


for number, line in enumerate(sys.stdin):
    try:
        with tracer.trace("script.case", resource="charge"):
            failing(number)(line.strip())
    except ValueError:
        pass
