"""What a browser sends of a page: the inputs of a form as they stand in the HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Form(HTMLParser):
    """Collects the named inputs of the form with an id, and the buttons in their order."""

    def __init__(self, form_id: str) -> None:
        super().__init__(convert_charrefs=True)
        self._form_id = form_id
        self._is_inside = False
        self._select = ""
        self._textarea = ""
        self.values: dict[str, list[str]] = {}
        self.buttons: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = given.get("id") == self._form_id
        if not self._is_inside:
            return
        if tag == "button" and "disabled" not in given:
            self.buttons.append(given.get("value", ""))
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select:
            if "selected" in given:
                self.values[self._select] = [given["value"]]
            else:
                self.values.setdefault(self._select, [given["value"]])
        elif tag == "textarea":
            self._textarea = given["name"]
            self.values[self._textarea] = [""]

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def _input(self, given: dict[str, str]) -> None:
        is_off = given.get("type") == "checkbox" and "checked" not in given
        if given.get("name") and not is_off:
            self.values.setdefault(given["name"], []).append(given.get("value", ""))


def form_values(html: str, form_id: str = "segment-form") -> dict[str, Any]:
    """Return what sending the form without pressing a button says."""
    form = _Form(form_id)
    form.feed(html)
    assert form.values, "There is no such form."
    return dict(form.values)


def form_buttons(html: str, form_id: str = "segment-form") -> list[str]:
    """Return the values of the form's buttons that can be pressed, in their order."""
    form = _Form(form_id)
    form.feed(html)
    return form.buttons
