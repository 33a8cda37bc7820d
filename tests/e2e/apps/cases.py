"""Failures of every kind, shared by the applications. Each name in CASES is one way to fail.

Plain Python from 3.8 on, no client and no framework: only the raising code is under test.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

CURRENCY = "EUR"
FREE_SHIPPING_FROM = Decimal("50.00")


class StockError(Exception):
    def __init__(self, article, missing):
        super().__init__("%d pieces of %s are missing" % (missing, article))
        self.article = article
        self.missing = missing


class ReservationFailed(Exception):
    pass


@dataclass
class Leaf:
    label: str
    weight: float


@dataclass
class Branch:
    name: str
    leaf: Leaf
    below: object = None


@dataclass
class Basket:
    owner: str
    lines: list = field(default_factory=list)

    def total(self, discount=Decimal("0.10")):
        amount = Decimal(0)
        for name, price in self.lines:
            amount += price * (1 - discount)
        return amount


class Wide:
    def __init__(self):
        for number in range(30):
            setattr(self, "column_%02d" % number, number)


def none_attribute():
    order = {"number": 17, "customer": None}
    return customer_city(order["customer"], fallback="nowhere")


def customer_city(customer, *, fallback):
    length = len(fallback)
    return customer.city, length


def explicit_cause():
    article, wanted = "spade", 5
    try:
        take_from_stock(article, wanted)
    except StockError as error:
        raise ReservationFailed("no reservation for %s" % article) from error


def take_from_stock(article, wanted):
    stock = {"spade": 3, "mug": 40}
    missing = wanted - stock[article]
    if missing > 0:
        raise StockError(article, missing)


def implicit_context():
    currency = "XTS"
    rates = {"USD": 1.09, "GBP": 0.84}
    try:
        return rates[currency]
    except KeyError:
        return parse_rate("n/a")


def parse_rate(text):
    stripped = text.strip()
    return float(stripped)


def suppressed_context():
    position = 9
    try:
        return [1, 2, 3][position]
    except IndexError:
        raise LookupError("no element at %d" % position) from None


def many_shapes():
    whole, broken, half, big = 42, float("nan"), 0.5, 2**80
    yes, nothing, imaginary = True, None, 3 + 4j
    text, quoted, umlauts, raw = "plain", 'it\'s "quoted"\n', "Grüße ☃", b"\x00\xffraw"
    endless, below, none_of_both = float("inf"), float("-inf"), complex(float("nan"), float("inf"))
    odd_numbers = [float("nan"), {float("inf"): float("nan"), "Infinity": "NaN"}, (Decimal("NaN"), Decimal("-Infinity"))]
    amount = Decimal("12.50")
    long_text = "0123456789" * 100
    long_list = list(range(250))
    pair, unordered, line = (1, "two"), {"red"}, deque([1, 2, 3])
    mapping = {"one": 1, 2: "two", (3, 4): [5, 6], None: {"deep": {"deeper": 1}}}
    empty_list, empty_mapping = [], {}
    tree = Branch("top", Leaf("a", 1.5), Branch("middle", Leaf("b", 2.5), Branch("bottom", Leaf("c", 3.5))))
    matrix = [[1, 2], [3, [4, [5, [6]]]]]
    wide = Wide()
    return fail_with(whole, text, *pair, key=mapping)


def fail_with(first, second="default", *rest, **named):
    count = len(rest) + len(named)
    raise ValueError("shapes: %d and %s" % (count, first))


def deep_calls():
    return descend(2)


def descend(level):
    below = 14 - level
    if below == 0:
        raise RuntimeError("reached the bottom at level %d" % level)
    return sink(level)


def sink(level):
    # Two functions in turn, so that Python prints every frame and does not count repeats.
    deeper = level + 2
    return descend(deeper)


def endless(tree=None):
    parent = tree or {"name": "root"}
    return endless(parent)


def third_party_frames():
    document = '{"cut": "off'
    return json.loads(document)


def wrong_type():
    basket = Basket("Ada", [("mug", Decimal("12.50")), ("spade", 34.9)])
    return basket.total(discount=Decimal("0.25"))


def closure():
    threshold = FREE_SHIPPING_FROM

    def is_free(value):
        return value >= threshold and CURRENCY[value]

    return is_free(Decimal("75"))


def comprehension():
    words = ["one", "two", "3"]
    return [{"1": 1, "3": 3}[word] for word in words]


def multi_line_message():
    rows = 2
    raise ValueError("first line\nsecond line of %d\n\nfourth line" % rows)


CASES = {
    case.__name__: case
    for case in (
        none_attribute,
        explicit_cause,
        implicit_context,
        suppressed_context,
        many_shapes,
        deep_calls,
        third_party_frames,
        wrong_type,
        closure,
        comprehension,
        multi_line_message,
    )
}
