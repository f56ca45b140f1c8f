"""Prefect flows: events to features, labels, quality, training, evaluation, promotion, reports."""

from flows.server import client_environment, server_environment

__all__ = ["client_environment", "server_environment"]
