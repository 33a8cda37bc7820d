"""Raises one error in frames that share objects, and sends it with the values of our own client.

Usage: native_app.py ADDRESS SERVICE TOTAL. Prints one JSON object: what the client can do here.
"""

import collections
import dataclasses
import enum
import json
import sys
import threading
import typing

import reenact


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Line(typing.NamedTuple):
    sku: str
    price: object


class Headers(dict):
    pass


class Customer:
    def __init__(self, name):
        self.name = name
        self.cart = None


@dataclasses.dataclass
class Cart:
    lines: list
    owner: Customer


class Refused(Exception):
    pass


def pay(cart):
    return cart


def total(cart, /, rate, *rest, coupon=None, **options):
    view = pay
    lock = threading.Lock()
    numbers = (n for n in range(3))
    headers = Headers(host="shop.example")
    headers.strict = True
    lists = collections.defaultdict(list)
    refused = Refused("no", 3)
    mine = cart.lines
    hostile = "<img src=x onerror=alert(1)>\u202e"
    net = "größe" and len(mine) / rate
    return view, lock, numbers, headers, lists, refused, hostile, net


def checkout(amount):
    customer = Customer("Ada")
    basket = Cart([Line("A-1", None), Line("B-2", amount)], customer)
    customer.cart = basket
    return total(basket, 0, "extra", coupon=Color.RED, note=amount)


def main():
    address, service, amount = sys.argv[1:]
    reenact.init(url=address, service=service, env="prod", version="1.2.3")
    try:
        checkout(int(amount))
    except ZeroDivisionError as error:
        reenact.capture_exception(error)
    sent = reenact.flush(10)
    print(json.dumps({"sent": sent, "python": list(sys.version_info[:2])}))


main()
