"""Settings from the environment, read once."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database_path: str
    port: int
    payment_url: str
    payment_api_key: str
    webhook_signing_secret: str
    smtp_password: str


def read_settings() -> Settings:
    return Settings(
        database_path=os.environ.get("SHOP_DATABASE", "shop.sqlite"),
        port=int(os.environ.get("SHOP_PORT", "8000")),
        payment_url=os.environ.get("SHOP_PAYMENT_URL", "https://payments.example/v2"),
        payment_api_key=os.environ.get("SHOP_PAYMENT_API_KEY", ""),
        webhook_signing_secret=os.environ.get("SHOP_WEBHOOK_SECRET", ""),
        smtp_password=os.environ.get("SHOP_SMTP_PASSWORD", ""),
    )
