"""Appointments, opening hours and jobs."""

from __future__ import annotations

import datetime

import ics
import schedule
import vobject
from croniter import croniter
from icalendar import Calendar


class Plan:
    def __init__(self, expression):
        self.expression = expression

    def following(self, start, count):
        times = croniter(self.expression, start)
        return [times.get_next(datetime.datetime) for _ in range(count)]


def components_of(text):
    calendar = Calendar.from_ical(text)
    return [component.name for component in calendar.walk()]


def contact_of(text):
    card = vobject.readOne(text)
    return card.fn.value


def described(interval, unit=None):
    job = schedule.every(interval)
    if unit:
        job = getattr(job, unit)
    return f"next: {job!r}"


def in_order(events):
    agenda = [ics.Event(name=name, begin=begin) for name, begin in events]
    return [event.name for event in sorted(agenda)]
