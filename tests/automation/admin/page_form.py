"""A form of a page as a browser without scripts fills it in and sends it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client


class PageForm(HTMLParser):
    """The first form of a page that has an input with the name; `values` is what it would send."""

    def __init__(self, html: str, having: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.buttons: dict[str, list[str]] = {}
        self._having = having
        self._found = False
        self._select: str | None = None
        self._option_chosen = False
        self._first_option: str | None = None
        self._textarea: str | None = None
        self.feed(html)
        assert self._found, f"no form with {having}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self._found:
            self.values, self.buttons = {}, {}
        if "disabled" in given:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            is_box = given.get("type") in ("checkbox", "radio")
            if (not is_box or "checked" in given) and not self._done:
                value = given.get("value", "on" if is_box else "")
                self.values.setdefault(name, []).append(value)
        elif tag == "select":
            self._select, self._first_option, self._option_chosen = name, None, False
            self._is_multiple = "multiple" in given
        elif tag == "option" and self._select:
            if self._first_option is None:
                self._first_option = given.get("value", "")
            if "selected" in given and not self._done:
                self._option_chosen = True
                self.values.setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "textarea":
            self._textarea = name
        elif tag == "button" and name and not self._done:
            self.buttons.setdefault(name, []).append(given.get("value", ""))

    _done = False
    _is_multiple = False

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            if not self._option_chosen and not self._is_multiple and not self._done:
                self.values.setdefault(self._select, []).append(self._first_option or "")
            self._select = None
        elif tag == "textarea":
            if self._textarea and not self._done:
                self.values.setdefault(self._textarea, []).append("")
            self._textarea = None
        elif tag == "form" and not self._done:
            self._found = self._done = self._having in self.values

    def handle_data(self, data: str) -> None:
        if self._textarea and not self._done:
            self.values.setdefault(self._textarea, []).append(data)
            self._textarea = None

    def press(self, client: Client, url: str, action: str | None, **typed: Any) -> Any:
        """Fill in what was typed and press the button; None sends the form without a button."""
        values: dict[str, Any] = {**self.values, **typed}
        if action is not None:
            assert action in self.buttons.get("action", ()), (action, self.buttons)
            values["action"] = action
        return client.post(url, values)
