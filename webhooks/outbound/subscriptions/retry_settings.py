"""When to try again, as operators write it: seconds between tries, and what an answer decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from webhooks.outbound.subscriptions.limits import LONGEST_WAIT_SECONDS, MOST_TRIES

RETRY: Final = "retry"
STOP: Final = "stop"
_MOST_RULES: Final = 50
# A format may take only some of the codes below 300 for a success.
_ANSWER: Final = re.compile(r"[2-5]xx|[2-5][0-9]{2}")
_SPAN: Final = re.compile(r"(\d{1,7})\s*(s|sec|min|m|h|d)?")
_UNITS: Final = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400}


class BadSetting(ValueError):
    """A setting makes no sense; the message is a sentence on what to do."""


def check_schedule(schedule: Any) -> list[int]:
    """Return the seconds before each try; raises ValueError with a sentence."""
    if not isinstance(schedule, list | tuple) or not all(_is_whole(each) for each in schedule):
        raise ValueError("The schedule is a list of whole seconds.")
    if not 0 < len(schedule) <= MOST_TRIES:
        raise ValueError(f"Plan at least 1 try and at most {MOST_TRIES}.")
    if not all(0 <= each <= LONGEST_WAIT_SECONDS for each in schedule):
        raise ValueError("Wait between 0 seconds and 7 days before each try.")
    return list(schedule)


def check_rules(rules: Any) -> dict[str, str]:
    """Return the rules by code or class; raises ValueError with a sentence naming the rule."""
    if not isinstance(rules, Mapping):
        raise BadSetting("Rules map a code such as 404, or a class such as 4xx, to retry or stop.")
    if len(rules) > _MOST_RULES:
        raise ValueError(f"Write at most {_MOST_RULES} rules.")
    checked = {}
    for answer, decision in rules.items():
        name = str(answer).strip().lower()
        if not _ANSWER.fullmatch(name):
            raise ValueError(
                f"“{name[:20]}” is neither a code from 200 to 599 nor a class such as 4xx."
            )
        if decision not in (RETRY, STOP):
            raise ValueError(f"Say retry or stop for {name}.")
        checked[name] = str(decision)
    return dict(sorted(checked.items()))


def read_schedule(text: str) -> list[int]:
    """Return the seconds in a text such as `0, 5 s, 5 min, 2 h`; raises ValueError."""
    parts = [part for part in re.split(r"[,;\n]+", text.lower()) if part.strip()]
    return [_seconds(part.strip()) for part in parts]


def schedule_text(schedule: Any) -> str:
    """Return the schedule as `read_schedule` reads it."""
    return ", ".join(span_text(each) for each in schedule)


def span_text(seconds: int) -> str:
    """Return a span in its largest whole unit: `90 s`, `5 min`, `2 h`."""
    for unit in ("d", "h", "min"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]} {unit}"
    return f"{seconds} s" if seconds else "0"


def read_rules(text: str) -> dict[str, str]:
    """Return the rules in lines such as `404 stop`; raises ValueError naming the line."""
    rules: dict[str, str] = {}
    for line in text.lower().splitlines():
        words = line.replace(":", " ").replace("=", " ").split()
        if not words:
            continue
        if len(words) != 2:
            raise ValueError(f"“{line.strip()[:40]}” should read like: 404 stop")
        if words[0] in rules:
            raise ValueError(f"There are two rules for {words[0]}. Keep one of them.")
        rules[words[0]] = words[1]
    return rules


def rules_text(rules: Mapping[str, str]) -> str:
    return "\n".join(f"{answer} {decision}" for answer, decision in sorted(rules.items()))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _seconds(part: str) -> int:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise ValueError(f"“{part[:20]}” is no span of time. Write such as 30 s, 5 min or 2 h.")
    return int(match[1]) * _UNITS[match[2] or "s"]
