"""Sends ordinary and failing requests to the demo shop until it is stopped.

ddtrace keeps the values of one exception per second and process, so failing requests
keep a distance of two seconds; ordinary requests run between them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import invented_secrets as secrets

FAILURE_PAUSE_SECONDS = 2.0
REQUEST_TIMEOUT_SECONDS = 10


@dataclass
class Request:
    method: str
    path: str
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


CARD = {"holder": "Ada Marlow", "card_number": secrets.CARD_NUMBER, "cvv": secrets.CARD_CVV_TEXT}
ADDRESS = {"street": "Lindenstr. 4", "postcode": "04109", "city": "Leipzig"}
MUGS = [{"sku": "MUG-01", "quantity": 2}]

ORDINARY = [
    Request("GET", "/products"),
    Request("GET", "/categories/2/path"),
    Request("GET", "/customers/1/label"),
    Request("POST", "/cart/total", {"customer": 1, "lines": MUGS, "coupon": "WELCOME10"}),
    Request("POST", "/orders", {"customer": 1, "lines": MUGS, "address": ADDRESS}),
    Request("POST", "/orders/1001/payment", {"card": {**CARD, "expiry": "09/29"}}),
    Request("POST", "/orders/1001/invoice"),
    Request("GET", "/orders/1001/delivery?date=24.12.2026"),
    Request("GET", "/shipping/quote?country=DE&kg=2.5"),
    Request("GET", "/rates/CHF"),
    Request("POST", "/session", {"user": "ada", "password": secrets.SIGN_IN_PASSWORD}),
]

FAILING = [
    # A customer without an address: None where an object was expected.
    Request("GET", f"/customers/2/label?token={secrets.QUERY_TOKEN}"),
    # Explicit cause: the gateway's refusal behind the declined payment.
    Request("POST", "/orders/1002/payment", {"card": {**CARD, "expiry": "08/24"}}),
    # A missing key in an address.
    Request("POST", "/orders", {"customer": 3, "lines": MUGS, "address": {"street": "Hafenweg 11", "city": "Kiel"}}),
    # A decimal comma, found four calls below the request.
    Request(
        "POST",
        "/suppliers/nordstahl/feed",
        {
            "articles": [
                {"sku": "SPADE-2", "stock": 20, "weight": "1.9 kg", "dimensions": "110 x 20 x 8 cm"},
                {"sku": "GRND-7", "stock": 4, "weight": "2,4 kg", "dimensions": "30 x 15 x 15 cm"},
            ]
        },
    ),
    # The password stands in the message.
    Request("POST", "/session?directory=ldap://directory.shop.example", {"user": "bo", "password": secrets.SIGN_IN_PASSWORD}),
    # Two categories that are each other's parent: recursion.
    Request("GET", "/categories/4/path"),
    # Implicit context: a second error while the first is handled.
    Request("GET", "/rates/JPY"),
    # A day that does not exist.
    Request("GET", "/orders/1001/delivery?date=31.11.2026"),
    # The bonus arrives as a float, prices are decimals: wrong type.
    Request("POST", "/campaigns", {"name": "black-friday", "bonus": 2.5}),
    # A coupon whose value is no number: decimal arithmetic.
    Request("POST", "/cart/total", {"customer": 1, "lines": MUGS, "coupon": "STAFF"}),
    # One of three asynchronous tasks fails.
    Request("GET", "/shipping/quote?country=CH&kg=4"),
    # Background jobs: an order without lines, and a refund of a free order.
    Request("POST", "/orders/1003/invoice"),
    Request("POST", "/orders/1003/refund", {"amount": "5.00"}),
    # The e-mail address is taken: integrity error of the database.
    Request("POST", "/customers", {"name": "Ada M.", "email": "ada@shop.example"}),
    # A feed that was cut off in transfer: no JSON.
    Request("POST", "/suppliers/keramikwerk/feed", '{"articles": [{"sku": "MUG-01", "stock": 12,'),
    # A webhook with credentials among its headers, signed with another key.
    Request(
        "POST",
        "/webhooks/payment",
        {"event": "charge.settled"},
        {
            "Authorization": f"Bearer {secrets.BEARER_TOKEN}",
            "X-Api-Key": secrets.SETTINGS["SHOP_PAYMENT_API_KEY"],
            "X-Signature": "0" * 64,
        },
    ),
    # An article that is no longer sold; the shop answers without recommendations: a handled error.
    Request("GET", "/products/MUG-01/recommendations?bought=GRND-7,KETTLE-3"),
]


def send(base_url: str, request: Request) -> int | None:
    """The status of the answer, or None when the shop did not answer."""
    body = request.body if isinstance(request.body, str) or request.body is None else json.dumps(request.body)
    prepared = urllib.request.Request(base_url + request.path, method=request.method, headers=request.headers)
    if body is not None:
        prepared.data = body.encode()
        prepared.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(prepared, timeout=REQUEST_TIMEOUT_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


def drive(base_url: str, seconds: float | None, failure_pause: float) -> None:
    deadline = None if seconds is None else time.monotonic() + seconds
    ordinary = itertools.cycle(ORDINARY)
    for number, failing in enumerate(itertools.cycle(FAILING)):
        for request in (next(ordinary), next(ordinary), failing):
            status = send(base_url, request)
            print(f"{status or 'no answer'}  {request.method} {request.path.split('?')[0]}", flush=True)
        # The first round meets every bug once; after it, the rhythm is less regular.
        pause = failure_pause if number < len(FAILING) else random.uniform(1.0, 4.0)
        if deadline is not None and time.monotonic() + pause > deadline:
            return
        time.sleep(pause)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the shop listens")
    parser.add_argument("--seconds", type=float, help="stop after this time (default: run until Ctrl-C)")
    parser.add_argument("--pause", type=float, default=FAILURE_PAUSE_SECONDS, help="seconds between failures in the first round")
    options = parser.parse_args()
    try:
        drive(options.url, options.seconds, options.pause)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
