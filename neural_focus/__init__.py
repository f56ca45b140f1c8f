"""Neural Focus: what every part of the platform agrees on."""

__version__ = "0.1.0"
