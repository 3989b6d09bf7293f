"""The types that records are read into, without values on which a comparison, an addition or another store would fail."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from regen.api.forms import Form
from regen.domain.soundness import is_moment, shown

T = TypeVar("T")
MAX_NUMBER = 2**62
"""Firestore and BigQuery hold whole numbers of 64 bits."""
Rule = Callable[[Any], None]


class Stored(Form[T]):
    """A form that refuses moments without a zone or outside the calendar, texts instead of moments, and huge numbers."""

    def __init__(self, kind: type[T]) -> None:
        super().__init__(kind)
        self._rule = _rule(inspect.type_info(kind)) or _anything

    def stored(self, data: Mapping[str, Any]) -> T:
        return self._checked(super().stored(data))

    def convert(self, data: Mapping[str, Any]) -> T:
        return self._checked(super().convert(data))

    def json(self, text: str | bytes) -> T:
        return self._checked(super().json(text))

    def _checked(self, value: T) -> T:
        self._rule(value)
        return value


def _anything(_: object) -> None:
    return None


def _rule(info: inspect.Type) -> Rule | None:
    """What looks at a value of this type; None where there is nothing to look at."""
    if isinstance(info, inspect.DateTimeType):
        return _moment
    if isinstance(info, inspect.IntType | inspect.FloatType):
        return _number
    if isinstance(info, inspect.Metadata):
        return _rule(info.type)
    return _rule_inside(info)


def _rule_inside(info: inspect.Type) -> Rule | None:
    if isinstance(info, inspect.StructType):
        fields = [(field.name, rule) for field in info.fields if (rule := _rule(field.type))]
        return _fields(info.cls, fields) if fields else None
    if isinstance(info, inspect.UnionType):
        rules = [rule for each in info.types if (rule := _rule(each))]
        return _each(rules) if rules else None
    if isinstance(info, inspect.ListType | inspect.VarTupleType):
        item = _rule(info.item_type)
        return _items(item) if item else None
    if isinstance(info, inspect.DictType):
        item = _rule(info.value_type)
        return _values(item) if item else None
    return None


def _moment(value: object) -> None:
    if isinstance(value, datetime) and not is_moment(value):
        raise msgspec.ValidationError(f"expected a moment with its zone, got {shown(value)}")


def _number(value: object) -> None:
    if isinstance(value, int | float) and not (-MAX_NUMBER < value < MAX_NUMBER and math.isfinite(value)):
        raise msgspec.ValidationError(f"expected a number of at most 62 bits, got {shown(value)}")


def _fields(cls: type, fields: list[tuple[str, Rule]]) -> Rule:
    def rule(value: object) -> None:
        if not isinstance(value, cls):
            return
        for name, look in fields:
            try:
                look(getattr(value, name))
            except msgspec.ValidationError as error:
                raise msgspec.ValidationError(f"{name}: {error}") from error

    return rule


def _each(rules: list[Rule]) -> Rule:
    def rule(value: object) -> None:
        for look in rules:
            look(value)

    return rule


def _items(item: Rule) -> Rule:
    def rule(value: object) -> None:
        if isinstance(value, list | tuple):
            for each in value:
                item(each)

    return rule


def _values(item: Rule) -> Rule:
    def rule(value: object) -> None:
        if isinstance(value, Mapping):
            for each in value.values():
                item(each)

    return rule
