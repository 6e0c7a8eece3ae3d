"""Reads bodies and queries: strict types, no unknown names, every fault told by its path.

Serializers are written with the names of Python; on the wire they are in camel case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

NO_OBJECT: Final = "The body must be a JSON object."
UNKNOWN: Final = "There is no such value here."
_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)

Faults = dict[str, Any]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def plain(value: Any) -> Any:
    """Return JSON with floats where our reader made Decimals: columns store no others."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


class CamelSerializer(serializers.Serializer[Any]):
    """Writes rows as `.data`; reads by `read` and `read_or_refuse`."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        row = super().to_representation(instance)
        return {camel(name): value for name, value in row.items()}

    def read(self, given: Any) -> tuple[dict[str, Any], Faults]:
        """Return the values by `source`, and the faults by name; only what was given is read."""
        if not isinstance(given, Mapping):
            raise ValidationError(NO_OBJECT)
        fields = {camel(name): field for name, field in self.fields.items() if not field.read_only}
        faults: Faults = {name: UNKNOWN for name in given if name not in fields}
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in given:
                try:
                    values[str(field.source)] = field.run_validation(given[name])
                except ValidationError as error:
                    faults[name] = error.detail
            elif field.required:
                faults[name] = "This is needed."
        return values, faults

    def read_or_refuse(self, given: Any) -> dict[str, Any]:
        """Return the values; raises ValidationError with every fault."""
        values, faults = self.read(given)
        if faults:
            raise ValidationError(faults)
        return values

    def read_query(self, query: QueryDict) -> dict[str, Any]:
        """Return the values of a query; empty ones do not narrow and are left out."""
        return self.read_or_refuse({name: value for name, value in query.items() if value})


class Text(serializers.CharField):
    """A string and nothing that could be read as one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_blank": True, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise ValidationError("Expected a string.")
        return super().to_internal_value(data)


class WholeNumber(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            raise ValidationError("Expected a whole number.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class YesNo(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise ValidationError("Expected true or false.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class YesNoWord(serializers.Field[Any, Any, Any, Any]):
    """true or false in a query."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            raise ValidationError("Expected true or false.")
        return bool(data == "true")


class Json(serializers.Field[Any, Any, Any, Any]):
    """A list or an object, as `kind` says; what is in it is judged by the service."""

    def __init__(self, kind: type[list[Any]] | type[dict[str, Any]], **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, self.kind):
            expected = "a list" if self.kind is list else "an object"
            raise ValidationError(f"Expected {expected}.")
        return plain(data)

    def to_representation(self, value: Any) -> Any:
        return value


class Texts(serializers.Field[Any, Any, Any, Any]):
    """An object of strings by name; null stands for what is to stay as it is."""

    def __init__(self, *, allows_null: bool, **kwargs: Any) -> None:
        self.allows_null = allows_null
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str | None]:
        if not isinstance(data, Mapping):
            raise ValidationError("Expected an object.")
        wrong = {
            name: "Expected a string."
            for name, value in data.items()
            if not (isinstance(value, str) or (value is None and self.allows_null))
        }
        if wrong:
            raise ValidationError(wrong)
        return dict(data)


class Moment(serializers.DateTimeField):
    """A date and time; one without a zone is in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "default_timezone": UTC, **kwargs})

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise ValidationError("Expected a date and time (ISO 8601).")
        # In a query a plus sign means a space.
        at = super().to_internal_value(value.replace(" ", "+") if "T" in value else value)
        if not at.year >= _OLDEST.year:
            raise ValidationError("Expected a date and time since 1970.")
        return at
