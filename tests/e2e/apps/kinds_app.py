"""Raises what kinds.py has, each in a span."""

import time

import kinds
import truth

try:
    from ddtrace.trace import tracer
except ImportError:  # ddtrace 1
    from ddtrace import tracer

# The client refills its budget with at least half a capture per second.
PACE_SECONDS = 2.1


def main():
    for name, crash in kinds.KINDS.items():
        try:
            with tracer.trace("kinds.one", resource=name):
                crash()
        except Exception:
            pass
        time.sleep(PACE_SECONDS)
    truth.tell(done=True)
    truth.wait_for_test()


if __name__ == "__main__":
    main()
