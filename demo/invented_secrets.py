"""Secrets of the demo, all invented. None of them may appear in what Reenact stores or answers."""

from __future__ import annotations

# Read by the shop through its environment.
SETTINGS = {
    "SHOP_PAYMENT_API_KEY": "demo-gateway-key-Vb7Qm2Xe9Tt4",
    "SHOP_WEBHOOK_SECRET": "demo-webhook-hmac-Rw3Hd8Zk5Lp1",
    "SHOP_SMTP_PASSWORD": "demo-smtp-login-Jc6Ny0Ua2Gs9",
}
# Sent by the driver within requests.
CARD_NUMBER = "4929143752086619"
CARD_CVV_TEXT = "demo-cvv-Qe5Bf1"
SIGN_IN_PASSWORD = "demo-sign-in-Kt8Pz4Mx7Wd2"
BEARER_TOKEN = "demo-bearer-Yh2Ls9Cv6Ra3Fn5"
QUERY_TOKEN = "demo-query-token-Oi1Xj7Eb4Du8"

ALL = [*SETTINGS.values(), CARD_NUMBER, CARD_CVV_TEXT, SIGN_IN_PASSWORD, BEARER_TOKEN, QUERY_TOKEN]
