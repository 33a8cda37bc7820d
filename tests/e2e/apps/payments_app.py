"""Payments that fail for two reasons in one function: of a currency without a rate, and because nobody answers."""

import sys
import time

import truth

try:
    from ddtrace.trace import tracer
except ImportError:  # ddtrace 1
    from ddtrace import tracer

# The client refills its budget with at least half a capture per second.
PACE_SECONDS = 2.1
RATES = {"EUR": 1.0, "USD": 1.09, "SEK": 11.2}


class Unanswered(Exception):
    pass


def rate_of(currency):
    return RATES[currency]


def send(amount):
    raise Unanswered("nobody answers for %.2f" % amount)


def charge(order):
    rate = rate_of(order["currency"])
    amount = order["total"] * rate
    return send(amount)


def pay(currency, number):
    order = {"currency": currency, "total": 10 + number // 2, "customer": {"name": "ada" if number % 2 else "grace"}}
    try:
        with tracer.trace("payments.charge", resource="charge"):
            charge(order)
    except Exception:
        pass


def main():
    number = int(sys.argv[1])
    # The client captures an exception once a process, and the frame of `main` once for both.
    for currency in ("XTS", sorted(RATES)[number % len(RATES)]):
        pay(currency, number)
        time.sleep(PACE_SECONDS)
    truth.tell(done=True)
    truth.wait_for_test()


if __name__ == "__main__":
    main()
