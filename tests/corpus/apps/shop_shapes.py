"""Places, ways and colours."""

from __future__ import annotations

import colour
import geojson
import polyline
import shapefile
import svg.path
import svgelements


class Map:
    def __init__(self, box):
        self.box = box
        self.areas = []

    def add_random_area(self, corners):
        area = geojson.utils.generate_random("Polygon", numberVertices=corners, boundingBox=self.box)
        self.areas.append(area)
        return area


def length_of_way(encoded):
    points = polyline.decode(encoded)
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(points, points[1:]))


def along(path, share):
    return svg.path.parse_path(path).point(share)


def undone(transform):
    return ~svgelements.Matrix(transform)


def theme_of(settings):
    return {name: colour.Color(value).hex_l for name, value in settings.items()}


def shape_of(geometry):
    return shapefile.Shape._from_geojson(geometry)
