"""No framework: spans made by hand in the main thread, in worker threads and in asyncio."""

import asyncio
import os
import sys
import threading
import time

import cases
import truth
from spans import span

# The client may need time between two captures.
PACE_SECONDS = float(os.environ.get("PACE_SECONDS", "2.1"))


def run_in_span(name, case):
    try:
        with span("script.case", resource=name):
            case()
    except Exception as error:
        truth.record(name, error, handled=False, resource=name)


def run_in_thread(name, case):
    thread = threading.Thread(target=run_in_span, args=(name, case), name="worker-1")
    thread.start()
    thread.join()


async def measure(distance, seconds):
    await asyncio.sleep(0)
    return distance / seconds


async def run_in_task(name):
    try:
        with span("script.task", resource=name):
            await asyncio.gather(asyncio.sleep(0), asyncio.create_task(measure(120, 0)))
    except Exception as error:
        truth.record(name, error, handled=False, resource=name)


def run_survived(name):
    with span("script.batch", resource=name):
        try:
            with span("script.step", resource=f"{name}.step", handled=True):
                cases.take_from_stock("mug", 50)
        except cases.StockError as error:
            truth.record(name, error, handled=True, resource=name)


def run_across_spans(name):
    """The same exception passes through three spans: it is one event."""
    try:
        with span("script.outer", resource=name), span("script.middle", f"{name}.middle"), span("script.inner", f"{name}.inner"):
            cases.parse_rate("through three spans")
    except ValueError as error:
        truth.record(name, error, handled=False, resource=name)


def second_of_burst():
    position = 2
    raise IndexError("second of two within a second, at %d" % position)


def main():
    wanted = sys.argv[1:]
    steps = {name: (lambda name=name, case=case: run_in_span(name, case)) for name, case in cases.CASES.items()}
    steps["in_thread"] = lambda: run_in_thread("in_thread", lambda: cases.customer_city(None, fallback="thread"))
    steps["in_task"] = lambda: asyncio.run(run_in_task("in_task"))
    steps["survived"] = lambda: run_survived("survived")
    steps["across_spans"] = lambda: run_across_spans("across_spans")
    steps["endless"] = lambda: run_in_span("endless", cases.endless)
    for name in wanted or steps:
        steps[name]()
        time.sleep(PACE_SECONDS)
    run_in_span("first_of_burst", lambda: cases.parse_rate("first of two"))
    run_in_span("second_of_burst", second_of_burst)
    truth.tell(done=True)
    truth.wait_for_test()


if __name__ == "__main__":
    main()
