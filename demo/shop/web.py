"""The HTTP side of the shop."""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from decimal import Decimal

from flask import Flask, jsonify, request

from shop import accounts, catalog, database, jobs, payments, pricing, shipping
from shop.models import Cart, CartLine, Customer, Order
from shop.settings import Settings
from shop.tracing import work

log = logging.getLogger("shop.web")


def create_app(settings: Settings) -> Flask:
    app = Flask("shop")
    gateway = payments.GatewayClient(settings)
    job_queue = jobs.JobQueue(jobs.make_handlers(settings))
    job_queue.start()
    _add_catalog(app, settings)
    _add_checkout(app, settings, gateway, job_queue)
    _add_accounts(app, settings)
    return app


def _add_catalog(app: Flask, settings: Settings) -> None:
    @app.get("/products")
    def products():
        with database.connect(settings.database_path) as connection:
            found = database.list_products(connection)
        return jsonify([{"sku": product.sku, "name": product.name, "price": str(product.price)} for product in found])

    @app.get("/categories/<int:category_id>/path")
    def category(category_id: int):
        with database.connect(settings.database_path) as connection:
            return jsonify(catalog.load_category_path(connection, category_id))

    @app.post("/suppliers/<supplier>/feed")
    def supplier_feed(supplier: str):
        with database.connect(settings.database_path) as connection:
            return jsonify(imported=catalog.import_feed(connection, supplier, request.get_data(as_text=True)))

    @app.post("/campaigns")
    def campaign():
        with database.connect(settings.database_path) as connection:
            prices = {product.sku: product.price for product in database.list_products(connection)}
        reduced = pricing.campaign_prices(prices, request.get_json())
        return jsonify({sku: str(price) for sku, price in reduced.items()})

    @app.get("/products/<sku>/recommendations")
    def recommendations(sku: str):
        purchases = request.args.get("bought", "").split(",")
        try:
            with work("catalog.recommend", sku, survived=True), database.connect(settings.database_path) as connection:
                found = catalog.recommend(connection, sku, purchases)
        except AttributeError:
            log.info("no recommendations for %s", sku)
            found = []
        return jsonify(found)


def _add_checkout(app: Flask, settings: Settings, gateway: payments.GatewayClient, job_queue: jobs.JobQueue) -> None:
    @app.post("/cart/total")
    def total():
        payload = request.get_json()
        with database.connect(settings.database_path) as connection:
            cart = _read_cart(connection, payload)
        return jsonify(total=str(pricing.cart_total(cart)))

    @app.post("/orders")
    def place_order():
        payload = request.get_json()
        label = shipping.check_address(payload)
        with database.connect(settings.database_path) as connection:
            cart = _read_cart(connection, payload)
        order = Order(0, cart.customer, cart.lines, pricing.cart_total(cart), date.today())
        return jsonify(total=str(order.total), ship_to=label), 201

    @app.post("/orders/<int:order_id>/payment")
    def pay_order(order_id: int):
        card = request.get_json()["card"]
        with database.connect(settings.database_path) as connection:
            order = database.find_order(connection, order_id)
        receipt = payments.pay(gateway, order, card)
        return jsonify(receipt)

    @app.post("/orders/<int:order_id>/invoice")
    def invoice(order_id: int):
        smtp = {"host": "mail.shop.example", "sender": "orders@shop.example", "smtp_password": settings.smtp_password}
        job_queue.put("send_invoice", order_id=order_id, smtp=smtp)
        return jsonify(queued=True), 202

    @app.post("/orders/<int:order_id>/refund")
    def refund(order_id: int):
        job_queue.put("settle_refund", order_id=order_id, refunded=request.get_json()["amount"])
        return jsonify(queued=True), 202

    @app.get("/orders/<int:order_id>/delivery")
    def delivery(order_id: int):
        first, last = shipping.delivery_window(request.args["date"])
        return jsonify(order=order_id, first=first.isoformat(), last=last.isoformat())

    @app.get("/shipping/quote")
    def quote():
        weight_kg = Decimal(request.args.get("kg", "1"))
        carrier, price = asyncio.run(shipping.best_quote(request.args["country"], weight_kg))
        return jsonify(carrier=carrier, price=str(price))

    @app.get("/rates/<currency>")
    def rate(currency: str):
        provider = {"name": "ratefeed", "EURCHF": "0.9391"}
        return jsonify(currency=currency, rate=str(pricing.exchange_rate(currency, provider)))

    @app.post("/webhooks/payment")
    def payment_webhook():
        headers = list(request.headers.items())
        payments.check_webhook(settings, headers, request.get_data())
        return jsonify(accepted=True)


def _add_accounts(app: Flask, settings: Settings) -> None:
    @app.get("/customers/<int:customer_id>/label")
    def label(customer_id: int):
        with database.connect(settings.database_path) as connection:
            return jsonify(label=accounts.shipping_label(connection, customer_id))

    @app.post("/customers")
    def sign_up():
        with database.connect(settings.database_path) as connection:
            return jsonify(id=accounts.sign_up(connection, request.get_json())), 201

    @app.post("/session")
    def sign_in():
        directory_url = request.args.get("directory", "ldaps://directory.shop.example")
        return jsonify(user=accounts.sign_in(directory_url, request.get_json()))


def _read_cart(connection, payload: dict) -> Cart:
    customer: Customer = database.find_customer(connection, payload["customer"])
    lines = [CartLine(database.find_product(connection, line["sku"]), line["quantity"]) for line in payload["lines"]]
    return Cart(customer, lines, payload.get("coupon"))
