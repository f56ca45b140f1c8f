"""The Python client is made from the API's description of today, and bears what a newer service adds."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import msgspec
import pytest

from neural_focus.client import generated
from neural_focus.client.generated import CreateSessionRequest, LabelResponse, ModelCard, ServiceApi
from serving.client_module import MODULE, client_module
from serving.schema import openapi


def test_it_is_the_one_of_today() -> None:
    assert MODULE.read_text("utf-8") == client_module(), "write it: python -m serving.client_module"


def test_every_endpoint_is_a_method_with_its_words() -> None:
    operations = [one for operations in openapi()["paths"].values() for one in operations.values()]
    for one in operations:
        method = getattr(ServiceApi, one["operationId"])
        assert " ".join(inspect.getdoc(method).split()).startswith(" ".join(one["description"].split()))  # type: ignore[union-attr]
    assert len(operations) == len([name for name in vars(ServiceApi) if not name.startswith("_")])


def test_what_a_newer_service_adds_is_left_out() -> None:
    answer = {"from_us": 1, "to_us": 2, "outcome": "ASLEEP", "source": "RULE", "predictions": 3, "added": [1]}
    assert msgspec.json.decode(json.dumps(answer), type=LabelResponse) == LabelResponse(
        from_us=1, to_us=2, outcome="ASLEEP", source="RULE", predictions=3
    )


def test_a_request_leaves_out_what_is_not_said() -> None:
    """Of a service of before, which does not know a newer field."""
    assert msgspec.json.encode(CreateSessionRequest(type="pomodoro")) == b'{"type":"pomodoro"}'


@pytest.mark.parametrize("name", [name for name, kind in vars(generated).items() if isinstance(kind, type)])
def test_every_class_can_be_read(name: str) -> None:
    """Its fields are types that there are: a decoder is made of them."""
    kind = getattr(generated, name)
    if issubclass(kind, msgspec.Struct):
        assert msgspec.json.Decoder(kind).type is kind and kind.__doc__
    assert issubclass(ModelCard, msgspec.Struct)


def test_it_brings_no_library_along() -> None:
    """The agent starts within a second and has 40 MB; httpx alone would add half of both."""
    program = "import sys, neural_focus.client.generated; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"httpx", "pydantic", "attr", "asyncio", "fastapi", "requests"} & set(loaded) == set()
