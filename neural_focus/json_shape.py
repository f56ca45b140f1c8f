"""Dataclasses from and to JSON, checked field by field, and their JSON Schema. The desktop has no pydantic.

Understood types: ``str``, ``int``, ``float``, ``bool``, ``Literal``, ``X | None``, ``tuple[X, ...]``,
``dict[str, X]`` and other dataclasses. A float takes any finite number; an int takes no bool and no fraction.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from neural_focus.errors import InputError

T = TypeVar("T")

_SIMPLE: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    str: ("string", lambda value: isinstance(value, str)),
    bool: ("boolean", lambda value: isinstance(value, bool)),
    int: ("integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: ("number", lambda value: _is_number(value)),
}


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**1023


@cache
def _hints(shape: type) -> dict[str, Any]:
    return typing.get_type_hints(shape)


def from_json(shape: type[T], value: object, where: str = "data") -> T:
    """The dataclass ``shape`` made of a decoded JSON object. Unknown fields are refused.

    Raises:
        InputError: names the field, what it holds and what it should hold.
    """
    return typing.cast(T, _read(shape, value, where))


def _read(shape: Any, value: object, where: str) -> object:
    if dataclasses.is_dataclass(shape):
        return _read_object(typing.cast(type, shape), value, where)
    if shape in _SIMPLE:
        name, fits = _SIMPLE[shape]
        if not fits(value):
            raise _wrong(where, value, name)
        return float(typing.cast(float, value)) if shape is float else value
    origin, parts = typing.get_origin(shape), typing.get_args(shape)
    if origin is typing.Literal:
        if value not in parts or isinstance(value, bool):
            raise _wrong(where, value, "one of " + ", ".join(map(str, parts)))
        return value
    if origin in (types.UnionType, typing.Union):
        kinds = [part for part in parts if part is not types.NoneType]
        return None if value is None else _read(kinds[0], value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise _wrong(where, value, "a list")
        return tuple(_read(parts[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(where, value, "an object")
        return {key: _read(parts[1], item, f"{where}.{key}") for key, item in value.items()}
    raise TypeError(f"{shape!r} has no JSON form here")


def _read_object(shape: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise _wrong(where, value, "an object")
    fields = {field.name: field for field in dataclasses.fields(shape)}
    if unknown := sorted(set(value) - set(fields)):
        raise InputError(f"{where} has an unknown field", why=repr(unknown[0]), todo=f"Known: {', '.join(fields)}")
    made: dict[str, object] = {}
    for name, field in fields.items():
        if name in value:
            made[name] = _read(_hints(shape)[name], value[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise InputError(f"{where} lacks a field", why=repr(name), todo="Send it as the message schema says")
    return shape(**made)


def _wrong(where: str, value: object, expected: str) -> InputError:
    shown = repr(value)
    return InputError(
        f"{where} is {shown if len(shown) <= 60 else shown[:57] + '...'}", todo=f"It should be {expected}"
    )


def to_json(value: object) -> Any:
    """What ``json.dumps`` takes: dataclasses become objects, tuples lists. No copy of plain values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def json_schema(shape: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema (2020-12) of ``shape``; dataclasses go into ``definitions`` and are referred to."""
    if dataclasses.is_dataclass(shape):
        kind = typing.cast(type, shape)
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # stands in while the fields are walked
            definitions[kind.__name__] = _object_schema(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if shape in _SIMPLE:
        return {"type": _SIMPLE[shape][0]}
    origin, parts = typing.get_origin(shape), typing.get_args(shape)
    if origin is typing.Literal:
        return {"enum": list(parts)}
    if origin in (types.UnionType, typing.Union):
        return {
            "anyOf": [{"type": "null"} if part is types.NoneType else json_schema(part, definitions) for part in parts]
        }
    if origin is tuple:
        return {"type": "array", "items": json_schema(parts[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": json_schema(parts[1], definitions)}
    raise TypeError(f"{shape!r} has no JSON form here")


def _object_schema(shape: type, definitions: dict[str, Any]) -> dict[str, Any]:
    fields = dataclasses.fields(shape)
    return {
        "type": "object",
        "description": (shape.__doc__ or "").strip(),
        "properties": {field.name: json_schema(_hints(shape)[field.name], definitions) for field in fields},
        "required": [
            field.name
            for field in fields
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        ],
        "additionalProperties": False,
    }


def plain(value: Any) -> Any:
    """The same without nan and infinity, which JSON has not: what does not exist is null."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
