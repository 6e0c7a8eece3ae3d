"""Finds single answers in the forms that visitors fill in: by class, by id, or by label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from integrations.json_values import stored_json, text_of

_ID_KEYS: Final = ("id", "questionId")
_LABEL_KEYS: Final = ("label", "questionText")


def answers(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of a feedback or the question responses of a survey."""
    listed = form.get("fields") or form.get("questionResponses")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def answer_of_class(form: dict[str, Any], wanted: str) -> str:
    """Return the text of the first answer of a class such as `email`."""
    for answer in answers(form):
        value = answer.get("value")
        if isinstance(value, dict) and value.get("@class") == wanted:
            return text_of(value.get("text"))
    return ""


def answer_named(form: dict[str, Any], wanted: str) -> str:
    """Return the text of the answer with this id, label or row label; "" when there is none."""
    folded = wanted.casefold()
    for names, text in _named_texts(form):
        if text and any(name.casefold() == folded for name in names):
            return text
    return ""


def custom_email(form: dict[str, Any]) -> str:
    """Return the e-mail that the page itself added under `customData`, whose values are lists."""
    custom = form.get("customData")
    for key, values in custom.items() if isinstance(custom, dict) else ():
        if key.casefold().replace("-", "") == "email":
            text = text_of(values[0]) if isinstance(values, list) and values else text_of(values)
            if "@" in text:
                return text
    return ""


def stored_answers(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every answer as it came, of unknown classes too."""
    return [stored_json(answer) for answer in answers(form)]


def _named_texts(form: dict[str, Any]) -> Iterator[tuple[list[str], str]]:
    for answer in answers(form):
        names = [text_of(answer.get(key)) for key in (*_ID_KEYS, *_LABEL_KEYS)]
        value = answer.get("value")
        if not isinstance(value, dict):
            continue
        yield names, text_of(value.get("text"))
        rows = value.get("values")
        if isinstance(rows, dict):
            # Surveys put text questions into a map: label of the row → what was typed.
            yield from (([label], text_of(text)) for label, text in rows.items())
