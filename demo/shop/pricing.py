"""What a cart costs: discounts, vouchers, currencies."""

from __future__ import annotations

from decimal import Decimal

from shop.models import Cart, CartLine, RateUnavailable

CENT = Decimal("0.01")
COUPONS = {"WELCOME10": "10", "SUMMER": "15", "STAFF": "30%"}
CACHED_RATES = {"USD": Decimal("1.0874"), "GBP": Decimal("0.8412")}


def line_total(line: CartLine) -> Decimal:
    return line.product.price * line.quantity


def discount_percent(coupon: str | None) -> Decimal:
    if coupon is None:
        return Decimal(0)
    return Decimal(COUPONS.get(coupon, "0"))


def cart_total(cart: Cart) -> Decimal:
    subtotal = sum((line_total(line) for line in cart.lines), Decimal(0))
    percent = discount_percent(cart.coupon)
    return (subtotal * (100 - percent) / 100).quantize(CENT)


def price_with_bonus(price: Decimal, bonus) -> Decimal:
    """Reduces a price by the bonus of a campaign, given in the same currency."""
    reduced = price - bonus
    return max(reduced, CENT)


def campaign_prices(prices: dict[str, Decimal], campaign: dict) -> dict[str, Decimal]:
    bonus = campaign["bonus"]
    return {sku: price_with_bonus(price, bonus) for sku, price in prices.items()}


def exchange_rate(currency: str, provider: dict[str, str]) -> Decimal:
    try:
        return CACHED_RATES[currency]
    except KeyError:
        return fetch_rate(currency, provider)


def fetch_rate(currency: str, provider: dict[str, str]) -> Decimal:
    quote = provider.get(f"EUR{currency}")
    if quote is None:
        raise RateUnavailable(f"no quote for EUR/{currency} from {provider['name']}")
    return Decimal(quote)
