"""Captures the values of variables when an exception occurs, without running your code."""

from ._native import Capture, __version__

__all__ = ["Capture", "__version__"]
