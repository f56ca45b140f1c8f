"""The service's REST API for programs: ``ServiceApi`` of ``neural_focus.client.generated``; docs/api.md has an example.

::

    serving/openapi.json ─► python -m serving.client_module ─► generated.py    an endpoint a method, a schema a class
                                                                   │
                                                               connection.py   token, retries, problems as errors
"""
