"""One long job whose trace is sent in parts: an item fails and is survived, and the root ends long after it."""

import time

from ddtrace.trace import tracer

import truth

# Far more spans than the client keeps back under the test's setting.
ITEMS = 12


def item(number):
    with tracer.trace("job.item", resource="item %d" % number):
        if number == 3:
            raise LookupError("item %d is broken" % number)


def job():
    with tracer.trace("job.run", resource="nightly", span_type="worker") as root:
        root.set_tag("usr.id", "customer-7")
        for number in range(ITEMS):
            try:
                item(number)
            except LookupError:
                pass
        truth.tell(failed=True)
        # The client sends what it has every second; the root is not among it.
        time.sleep(3)
    tracer.flush()


if __name__ == "__main__":
    job()
    truth.tell(done=True)
    truth.wait_for_test()
