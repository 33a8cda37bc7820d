"""Settings and documents that a service reads: YAML, TOML, JSON and what checks them."""

from __future__ import annotations

from dataclasses import dataclass

import cerberus
import jmespath
import jsonschema
import toml
import tomli
import yaml
from dataclasses_json import dataclass_json
from jsonpath_ng import parse as parse_path


@dataclass_json
@dataclass
class Address:
    street: str
    city: str


@dataclass_json
@dataclass
class Customer:
    name: str
    address: Address


class Settings:
    """Settings of one service, from a text in one of several languages."""

    def __init__(self, name):
        self.name = name
        self.values = {}

    def load(self, text, language):
        if language == "yaml":
            self.values.update(yaml.safe_load(text))
        elif language == "toml":
            self.values.update(toml.loads(text))
        else:
            self.values.update(tomli.loads(text))
        return self


def read_settings(service, text, language="yaml"):
    settings = Settings(service)
    return settings.load(text, language)


def select(document, expression):
    return jmespath.search(expression, document)


def set_everywhere(document, path, value):
    return parse_path(path).update_or_create(document, value)


def check_order(order, schema):
    validator = jsonschema.Draft7Validator(schema)
    validator.validate(order)
    return order


def check_form(form, rules):
    validator = cerberus.Validator(rules)
    return validator.validate(form), validator.errors


def read_customer(text):
    return Customer.from_json(text)
