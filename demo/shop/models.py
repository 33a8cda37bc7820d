"""The nouns of the shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass
class Address:
    street: str
    city: str
    postcode: str
    country: str = "DE"


@dataclass
class Customer:
    id: int
    name: str
    email: str
    loyalty_points: int = 0
    address: Address | None = None


@dataclass
class Product:
    sku: str
    name: str
    price: Decimal
    category_id: int
    stock: int = 0


@dataclass
class CartLine:
    product: Product
    quantity: int


@dataclass
class Cart:
    customer: Customer
    lines: list[CartLine] = field(default_factory=list)
    coupon: str | None = None


@dataclass
class Order:
    id: int
    customer: Customer
    lines: list[CartLine]
    total: Decimal
    placed_on: date
    status: str = "open"


class ShopError(Exception):
    """A failure that the shop names itself."""


class PaymentDeclined(ShopError):
    def __init__(self, order_id: int, amount: Decimal, reason: str) -> None:
        super().__init__(f"payment of {amount} for order {order_id} declined: {reason}")
        self.order_id = order_id
        self.amount = amount
        self.reason = reason


class GatewayError(ShopError):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"gateway answered {status} {code}")
        self.status = status
        self.code = code


class RateUnavailable(ShopError):
    """No exchange rate, neither cached nor from the provider."""


class SignatureMismatch(ShopError):
    """A webhook was not signed with our key."""
