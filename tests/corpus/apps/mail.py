"""Mails from templates, and when they are sent."""

from __future__ import annotations

import datetime

import jinja2
from dateutil import rrule, tz


class Mail:
    def __init__(self, template, *, language="en"):
        self.environment = jinja2.Environment(autoescape=True)
        self.template = self.environment.from_string(template)
        self.language = language

    def body(self, **values):
        return self.template.render(language=self.language, **values)


def following(rule, start, count):
    return [moment.date() for moment in rrule.rrulestr(rule, dtstart=start)[:count]]


def offset_in(zone, moment):
    return tz.tzstr(zone).utcoffset(moment)


def digest(rule, until):
    return rrule.rrule(rrule.DAILY, dtstart=datetime.datetime(2024, 2, 29), until=until).count()
