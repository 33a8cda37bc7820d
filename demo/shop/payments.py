"""Talking to the payment gateway."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal

from shop.models import GatewayError, Order, PaymentDeclined, SignatureMismatch
from shop.settings import Settings


class GatewayClient:
    """Stands in for the gateway of a payment company: it answers, it does not call out."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.payment_url
        self.api_key = settings.payment_api_key
        self.attempts = 0

    def charge(self, amount: Decimal, card: dict[str, str]) -> dict[str, str]:
        self.attempts += 1
        headers = {"Authorization": "Bearer " + self.api_key, "Content-Type": "application/json", "X-Attempt": str(self.attempts)}
        return self._send("/charges", headers, {"amount": str(amount), "currency": "EUR", "card": card})

    def _send(self, path: str, headers: dict[str, str], payload: dict) -> dict[str, str]:
        expiry = payload["card"]["expiry"]
        month, year = (int(part) for part in expiry.split("/"))
        if (year, month) < (26, 11):
            raise GatewayError(402, "card_expired")
        return {"status": "charged", "reference": f"ch_{self.attempts:06d}"}


def pay(client: GatewayClient, order: Order, card: dict[str, str]) -> dict[str, str]:
    try:
        return client.charge(order.total, card)
    except GatewayError as error:
        raise PaymentDeclined(order.id, order.total, error.code) from error


def check_webhook(settings: Settings, headers: list[tuple[str, str]], body: bytes) -> None:
    """Refuses a notification that was not signed with our secret."""
    signing_secret = settings.webhook_signing_secret
    expected = hmac.new(signing_secret.encode(), body, hashlib.sha256).hexdigest()
    received = dict(headers).get("X-Signature", "")
    if not hmac.compare_digest(expected, received):
        raise SignatureMismatch(f"webhook of {len(body)} bytes is not signed by the gateway")


def refund_share(refunded: Decimal, order: Order) -> Decimal:
    return refunded / order.total
