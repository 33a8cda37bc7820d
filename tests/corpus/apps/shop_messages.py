"""Bytes and lines from other machines."""

from __future__ import annotations

import dpkt
import hl7
import hpack
import m3u8
import mido
from asn1crypto import core
from dpkt import radius
from mido.midifiles import meta
from pypdf import Transformation


def attributes_of(packet):
    return dict(radius.parse_attrs(packet))


def lease_of(packet):
    return dpkt.dhcp.DHCP(packet).opts


def flags_of(content):
    return core.BitString.load(content).native


def patient_of(message):
    return str(hl7.parse(message).segment("PID"))


def headers_as_bytes(headers):
    return hpack.Encoder().encode(headers)


def meta_of(kind, data):
    return meta.build_meta_message(kind, data)


def seconds_of(ticks, resolution, tempo):
    return [mido.tick2second(tick, resolution, tempo) for tick in ticks]


def variants_of(playlist):
    return [variant.uri for variant in m3u8.loads(playlist).playlists]


def placed(matrix):
    return Transformation(matrix).translate(1, 2).matrix
