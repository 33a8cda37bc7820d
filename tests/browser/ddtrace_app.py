"""Raises one error under ddtrace, in frames whose values are of many kinds, and ends.

Usage: ddtrace-run python ddtrace_app.py AMOUNT
"""

import sys
import time
from decimal import Decimal

from ddtrace.trace import tracer


class Order:
    def __init__(self, number, lines):
        self.number = number
        self.lines = lines
        self.password = "hunter2"


def rate_of(rates, currency):
    return rates[currency]


def charge(order, rates):
    total = sum(order.lines)
    many = list(range(300))
    price = Decimal("12.50")
    try:
        rate = rate_of(rates, "SEK")
    except KeyError as error:
        raise ValueError(f"no rate for {total}") from error
    return total * rate, many, price


def main():
    try:
        with tracer.trace("orders.charge", resource="charge"):
            charge(Order(7, [1, 2, int(sys.argv[1])]), {"EUR": 1.0, "USD": 1.09})
    except ValueError:
        pass
    # The client sends values in the background.
    time.sleep(2)


main()
