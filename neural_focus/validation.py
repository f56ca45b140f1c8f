"""Decoded JSON and TOML as dataclasses: msgspec's conversion, with what it lets pass refused and the field named."""

from __future__ import annotations

import math
import re
from typing import Any, TypeVar

import msgspec

from neural_focus.errors import InputError

T = TypeVar("T")
NOTHING_ELSE = {"extra": "forbid"}
"""For ``__pydantic_config__`` of what a body holds: the API's description says that no other fields are taken."""
_ALWAYS_FINE = {str, int, bool, type(None)}
"""Nothing passes the conversion in these. A snapshot has fifty of them, a service a thousand snapshots a second."""


def validate(shape: type[T], value: object, where: str = "data", *, strict: bool = True, exact: bool = True) -> T:
    """The dataclass ``shape`` made of a decoded object. Unknown fields, nan and infinity are refused.

    ``strict`` False: text is read as the number or truth value that its field wants. ``exact`` False: of a JSON text
    by a newer version; fields that this one does not know are left out.

    Raises:
        InputError: names the field, what it holds and what it should hold.
    """
    try:
        found = msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        raise _refusal(shape, value, where, str(error)) from None
    if exact:
        _refuse_what_passed(value, msgspec.to_builtins(found, enc_hook=str), where)
    return found


def _refuse_what_passed(value: Any, taken: Any, where: str) -> None:
    if isinstance(value, dict):
        if unknown := sorted(value.keys() - taken.keys()):
            raise InputError(f"{where} has an unknown field", why=repr(unknown[0]), hint=f"Known: {', '.join(taken)}")
        for name, part in value.items():
            if not ((kind := type(part)) in _ALWAYS_FINE or (kind is float and math.isfinite(part))):
                _refuse_what_passed(part, taken[name], f"{where}.{name}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            if not ((kind := type(part)) in _ALWAYS_FINE or (kind is float and math.isfinite(part))):
                _refuse_what_passed(part, taken[index], f"{where}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{where} is {value}", hint="It should be a finite number")


def _refusal(shape: type, value: Any, where: str, message: str) -> InputError:
    """msgspec's "what is wrong - at `$.path`" with the value, and the choices where there are some."""
    message, _, path = message.rstrip("`").partition(" - at `$")
    if "missing required field" in message:
        name = message.split("`")[1]
        return InputError(f"{where}{path} lacks a field", why=repr(name), hint="Send it as the message schema says")
    schema = msgspec.json.schema(shape, schema_hook=lambda _: {"type": "string"})
    node = schema
    for index, name in re.findall(r"\[(\d+)\]|\.(\w+)", path):
        value = value[int(index)] if index else value[name]
        options = [schema["$defs"].get(one.get("$ref", "")[8:], one) for one in node.get("anyOf", [node])]
        node = next(_part(one, index, name) for one in options if len(one) > 1)
    choices = [choice for one in node.get("anyOf", [node]) for choice in one.get("enum", [])]
    shown = repr(value)
    return InputError(
        f"{where}{path} is {shown if len(shown) <= 60 else shown[:57] + '...'}",
        hint=f"It should be one of {', '.join(map(str, choices))}" if choices else message,
    )


def _part(node: dict[str, Any], index: str, name: str) -> dict[str, Any]:
    """The schema of an element or of a field; a tuple's elements each have their own."""
    if not index:
        return dict(node["properties"][name])
    return dict(node["prefixItems"][int(index)] if "prefixItems" in node else node["items"])


def plain(value: Any) -> Any:
    """The same without nan and infinity, which JSON has not: what does not exist is null."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
