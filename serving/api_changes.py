"""What a description of the API takes back of an earlier one: ``/api/v1`` is only ever added to (``serving.api``).

::

    answers    a field, a status, an endpoint is gone; a field may be of another type, or null, or missing
    requests   a field or parameter is gone, or has to be there now; a type or word is not taken any more; a value is
               held to a narrower bound, or to another pattern, constant or format
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Description = dict[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")


def broken_promises(before: Description, after: Description) -> list[str]:
    """Each as a line with its place; empty where whoever used ``before`` is served by ``after``."""
    return sorted(set(_Comparison(before, after).lines()))


_BOUNDS = {
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), True),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), False),
}
"""Of JSON Schema; whether a lower one takes less."""


class _Comparison:
    def __init__(self, before: Description, after: Description) -> None:
        self._before, self._after = before, after
        self._within: set[tuple[str, str]] = set()
        """Named schemas that are being compared: one may hold itself."""

    def lines(self) -> Iterator[str]:
        for path, operations in self._before["paths"].items():
            for method in set(operations) & set(_METHODS):
                place, now = f"{method.upper()} {path}", self._after["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{place} is gone"
                    continue
                yield from self._parameters(place, operations[method], now)
                yield from self._bodies(place, operations[method], now)
                yield from self._answers(place, operations[method]["responses"], now["responses"])

    def _parameters(self, place: str, before: Description, after: Description) -> Iterator[str]:
        had, has = (
            {(one["in"], one["name"]): one for one in operation.get("parameters", ())} for operation in (before, after)
        )
        for key, one in had.items():
            name = f"{place} {key[1]}"
            if key not in has:
                yield f"{name} is not taken any more"
            else:
                yield from self._narrower(name, one["schema"], has[key]["schema"])
        for key, one in has.items():
            if one.get("required") and not had.get(key, {}).get("required"):
                yield f"{place} {key[1]} has to be there now"

    def _bodies(self, place: str, before: Description, after: Description) -> Iterator[str]:
        had, has = (operation.get("requestBody", {}).get("content", {}) for operation in (before, after))
        for media, one in had.items():
            if media not in has:
                yield f"{place} takes no {media} any more"
            else:
                yield from self._narrower(f"{place} body", one["schema"], has[media]["schema"])
        if after.get("requestBody", {}).get("required") and not before.get("requestBody", {}).get("required"):
            yield f"{place} has to have a body now"

    def _answers(self, place: str, before: Description, after: Description) -> Iterator[str]:
        for status, answer in before.items():
            if not status.startswith("2"):
                continue
            if status not in after:
                yield f"{place} is not answered by {status} any more"
                continue
            for media, one in answer.get("content", {}).items():
                now = after[status].get("content", {}).get(media)
                if now is None:
                    yield f"{place} {status} has no {media} any more"
                else:
                    yield from self._wider(f"{place} {status}", one.get("schema", {}), now.get("schema", {}))

    def _wider(self, place: str, before: Description, after: Description) -> Iterator[str]:
        """An answer: what it is now, it may have been before."""
        yield from self._compared(place, before, after, answer=True)

    def _narrower(self, place: str, before: Description, after: Description) -> Iterator[str]:
        """A request: what was taken before is taken now."""
        yield from self._compared(place, before, after, answer=False)

    def _compared(self, place: str, before: Description, after: Description, *, answer: bool) -> Iterator[str]:
        names = before.get("$ref", ""), after.get("$ref", "")
        if all(names):
            if names in self._within:
                return
            self._within.add(names)
        had, has = _choices(self._before, before), _choices(self._after, after)
        for kind in (has.keys() - had.keys()) if answer else (had.keys() - has.keys()):
            yield f"{place} may be {kind} now" if answer else f"{place} may not be {kind} any more"
        for kind in had.keys() & has.keys():
            yield from self._parts(place, had[kind], has[kind], answer=answer)
        self._within.discard(names)

    def _parts(self, place: str, before: Description, after: Description, *, answer: bool) -> Iterator[str]:
        had, has = before.get("properties", {}), after.get("properties", {})
        for name, one in had.items():
            if name not in has:
                yield f"{place}.{name} is gone"
            else:
                yield from self._compared(f"{place}.{name}", one, has[name], answer=answer)
        always_before, always = set(before.get("required", ())), set(after.get("required", ()))
        for name in always_before & has.keys() - always if answer else always - always_before:
            yield f"{place}.{name} may be missing now" if answer else f"{place}.{name} has to be there now"
        if not answer and "enum" in after:
            for word in set(before.get("enum", (None,))) - set(after["enum"]):
                yield f"{place} does not take {'every word' if word is None else repr(word)} any more"
        if not answer:
            yield from _tighter(place, before, after)
        for inner in ("items", "additionalProperties"):
            if isinstance(before.get(inner), dict) and isinstance(after.get(inner), dict):
                yield from self._compared(f"{place}[]", before[inner], after[inner], answer=answer)


def _tighter(place: str, before: Description, after: Description) -> Iterator[str]:
    """What a request's value is held to now and was not before."""
    for name, lower in _BOUNDS.items():
        was, now = before.get(name), after.get(name)
        if now is not None and (was is None or (now < was if lower else now > was)):
            yield f"{place} has another {name} now: {now}"
    for name in ("pattern", "const", "format"):
        if name in after and after[name] != before.get(name):
            yield f"{place} has another {name} now: {after[name]}"


def _choices(description: Description, schema: Description) -> dict[str, Description]:
    """Type → schema of it, with references and alternatives taken apart; words without a type are text."""
    if "$ref" in schema:
        return _choices(description, description["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        found: dict[str, Description] = {}
        for one in schema["anyOf"]:
            found |= _choices(description, one)
        return found
    return {str(schema.get("type", "anything")): schema}
