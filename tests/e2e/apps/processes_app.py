"""Worker processes that each fail once, or an exception that is recorded on a span which goes on; the first argument says which."""

import multiprocessing
import sys
import time

import truth
from spans import WAY, flush, span

# ddtrace sends its values every second; a process that ends at once takes them along.
UPLOAD_SECONDS = 2.5


def work(method, number):
    basket = {"method": method, "number": number}
    try:
        with span("worker.job", resource=method):
            raise LookupError("by a worker")
    except LookupError as error:
        truth.record(method, error)
    flush()
    if WAY == "ddtrace":
        time.sleep(UPLOAD_SECONDS)


def workers():
    started = [
        multiprocessing.get_context(method).Process(target=work, args=(method, number))
        for number, method in enumerate(("fork", "spawn", "forkserver"))
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()


def recorded():
    from ddtrace.trace import tracer

    with tracer.trace("batch", resource="batch") as span:
        for attempt in range(3):
            try:
                raise LookupError("attempt %d" % attempt)
            except LookupError as error:
                span.record_exception(error, {"attempt": attempt, "api_key": sys.argv[2]})
    tracer.flush()


if __name__ == "__main__":
    {"workers": workers, "recorded": recorded}[sys.argv[1]]()
    truth.tell(done=True)
    truth.wait_for_test()
