"""Makes ``neural_focus/client/generated.py`` of the API's description: ``python -m serving.client_module [--check]``.

A schema becomes a class, or the class of the shared library that has its name; an operation a method. What answers hold
may grow: their words are plain text, and fields that nobody knows are left out.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Any

from serving.schema import openapi

Schema = dict[str, Any]
MODULE = Path(__file__).parents[1] / "neural_focus" / "client" / "generated.py"
SHARED = ("batches", "help_settings", "messages", "sessions")
"""Modules of the shared library whose dataclasses are the API's, too."""
HEAD = '''"""Made by ``python -m serving.client_module`` from serving/openapi.json. Do not edit."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

import msgspec

from neural_focus.client.connection import ServiceConnection
'''
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def client_module() -> str:
    """The module's text, as ``ruff format`` leaves it."""
    return _formatted("".join(_Writer(openapi()).parts()))


class _Writer:
    def __init__(self, description: Schema) -> None:
        self._paths: dict[str, Schema] = description["paths"]
        self._schemas: dict[str, Schema] = description["components"]["schemas"]
        answered = _names([one["responses"] for operations in self._paths.values() for one in operations.values()])
        self._answered = self._closure({name for name in answered if "Problem" not in name})
        asked = self._closure(_names([op.get("requestBody") for ops in self._paths.values() for op in ops.values()]))
        self._used = self._answered | asked

    def parts(self) -> Iterator[str]:
        shared = {name: _shared_module(name) for name in self._used}
        yield HEAD
        for module in sorted({module for module in shared.values() if module}):
            names = ", ".join(sorted(name for name in shared if shared[name] == module))
            yield f"from {module} import {names}\n"
        for name in sorted(name for name, module in shared.items() if module is None):
            yield self._class(name)
        yield "\n\nclass ServiceApi(ServiceConnection):\n"
        yield _docstring("What the service answers whoever the token speaks for. Raises as ``ServiceConnection``.", 4)
        for path, operations in sorted(self._paths.items()):
            for method, operation in sorted(operations.items()):
                yield self._method(method.upper(), path, operation)

    def _class(self, name: str) -> str:
        schema, wide = self._schemas[name], name in self._answered
        needed = set(schema.get("required", ()))
        options = "frozen=True, kw_only=True" + ("" if wide else ", omit_defaults=True")
        lines = [f"\n\nclass {name}(msgspec.Struct, {options}):"]
        lines += [_docstring(schema.get("description", name), 4)]
        for field, one in schema.get("properties", {}).items():
            kind = self._type(one, wide=wide)
            if field in needed:
                lines.append(f"    {field}: {kind}")
            elif one.get("default") == []:
                lines.append(f"    {field}: {kind} = msgspec.field(default_factory=list)")
            else:
                lines.append(f"    {field}: {kind} = {one.get('default')!r}")
        return "\n".join(lines) + "\n"

    def _method(self, method: str, path: str, operation: Schema) -> str:
        parameters, query, headers = ["self"], [], []
        later: list[str] = []
        for one in operation.get("parameters", ()):
            name, kind = one["name"], self._type(one["schema"], wide=True)
            if one["in"] == "path":
                parameters.append(f"{name}: {kind}")
            elif one["in"] == "query":
                query.append(f'"{name}": {_name(name)}')
                default = "" if one.get("required") else f" = {one['schema'].get('default')!r}"
                later.append(f"{_name(name)}: {kind}{default}")
            else:
                headers.append("key")
        call = [f'"{method}"', f'{"f" if "{" in path else ""}"{path}"']
        answer, alternatives = self._answer(operation["responses"])
        call.append("object" if answer == "None" else answer)
        if query:
            call.append(f"query={{{', '.join(query)}}}")
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            parameters.append(f"body: {self._type(content['application/json']['schema'], wide=False)}")
            call.append("body=body")
        elif content:
            parameters.append("body: bytes")
            call.append('body=body, headers={"Content-Encoding": "zstd"}')
        words = operation["description"]
        if headers:
            later.append("key: str | None = None")
            call.append('headers={"Idempotency-Key": key or str(uuid4())}')
            words += "\n\n``key``: of a request that may have been sent before; a new one by default."
        arguments = ", ".join([*parameters, *(["*", *later] if later else [])])
        returns = answer if not alternatives else f"{answer} | None"
        asks = "self._ask" if returns == answer != "None" else "self._ask_for"
        body = f"        {'' if returns == 'None' else 'return '}{asks}({', '.join(call)})\n"
        return f"\n    def {operation['operationId']}({arguments}) -> {returns}:\n{_docstring(words, 8)}\n{body}"

    def _answer(self, responses: Schema) -> tuple[str, bool]:
        """The type of what a good answer holds, and whether a good answer may be empty instead."""
        good = [one.get("content", {}).get("application/json") for status, one in responses.items() if status < "300"]
        held = [self._type(one["schema"], wide=True) for one in good if one]
        return (held[0] if held else "None", bool(held) and len(held) < len(good))

    def _type(self, schema: Schema, *, wide: bool) -> str:
        if "$ref" in schema:
            return str(schema["$ref"]).rpartition("/")[2]
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self._type(one, wide=wide) for one in schema["anyOf"]))
        if "enum" in schema and not wide:
            return f"Literal[{', '.join(map(repr, schema['enum']))}]"
        kind = schema.get("type")
        if kind == "array":
            return f"list[{self._type(schema['items'], wide=wide)}]" if "items" in schema else "list[Any]"
        if kind == "object":
            inner = schema.get("additionalProperties")
            return f"dict[str, {self._type(inner, wide=wide) if isinstance(inner, dict) else 'Any'}]"
        return _PLAIN.get(str(kind), "str" if "enum" in schema else "Any")

    def _closure(self, names: set[str]) -> set[str]:
        """With all that they hold; what a shared class holds comes with it."""
        found: set[str] = set()
        while names:
            name = names.pop()
            found.add(name)
            if _shared_module(name) is None:
                names |= _names(self._schemas[name]) - found
        return found


def _names(schema: Any) -> set[str]:
    """The named schemas that something refers to."""
    return set(re.findall(r"#/components/schemas/(\w+)", repr(schema)))


def _shared_module(name: str) -> str | None:
    for module in SHARED:
        found = getattr(importlib.import_module(f"neural_focus.{module}"), name, None)
        if found is not None:
            return str(found.__module__)
    return None


def _name(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name


def _docstring(text: str, indent: int) -> str:
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    wrapped = "\n\n".join(textwrap.fill(part, 120 - indent - 6) for part in paragraphs)
    lines = f'"""{wrapped}' + ('\n"""' if "\n" in wrapped else '"""')
    return textwrap.indent(lines, " " * indent, lambda line: bool(line.strip()))


def _formatted(text: str) -> str:
    """Raises CalledProcessError: it is no Python."""
    for command in (["check", "--select", "I,F401", "--fix-only", "-q"], ["format", "-q"]):
        call = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(MODULE), "-"]
        text = subprocess.run(call, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the Python client from the API's description")
    parser.add_argument("--check", action="store_true", help="exit 1 if what is there is not what the API says")
    if parser.parse_args().check:
        sys.exit(MODULE.read_text("utf-8") != client_module() and f"{MODULE} is old: python -m serving.client_module")
    MODULE.write_text(client_module(), "utf-8")
