"""What a log of deliveries can be narrowed by, in the words that addresses and jobs carry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.db.models import Q

from common.sql_constant import SqlConstant, index_condition
from webhooks.outbound.models import TROUBLED, WAITING, DeliveryStatus

IN_PROGRESS: Final = (DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.RETRYING)

# Word → label. `pending` is all that is on its way; `retrying` the part of it that failed before.
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "succeeded": "Succeeded",
        "failed": "Failed",
        "pending": "Pending",
        "retrying": "Retrying",
        "held": "Held",
        "cancelled": "Cancelled",
    }
)
CODE_CLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "2xx": "2xx",
        "3xx": "3xx",
        "4xx": "4xx",
        "5xx": "5xx",
        "none": "No answer",
    }
)
# Kind of failure of the last try → words. Those of `common.http`, and ours.
ERRORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "status": "Refused by the receiver",
        "dns": "Host not found",
        "refused": "Connection refused",
        "reset": "Connection broke off",
        "timeout": "Time-out",
        "tls": "Certificate or encryption",
        "blocked_address": "Address not allowed",
        "protocol": "No proper HTTP answer",
        "unsendable": "Could not be built",
    }
)
TRIES: Final[Mapping[str, str]] = MappingProxyType(
    {"0": "Not tried yet", "1": "One", "2": "Two or more", "5": "Five or more"}
)


def error_words(error: str) -> str:
    return ERRORS.get(error, error)


def in_state(state: str) -> Q:
    """Return the condition of a word of `STATES`, in the form of the partial index behind it."""
    if state == "pending":
        return Q(status__in=[SqlConstant(str(each)) for each in IN_PROGRESS])
    condition = Q(status=SqlConstant(state))
    if state in TROUBLED:
        condition &= index_condition(Q(status__in=[SqlConstant(word) for word in TROUBLED]))
    return condition


def is_waiting() -> Q:
    return Q(status__in=[SqlConstant(word) for word in WAITING])


def with_code(code_class: str) -> Q:
    if code_class == "none":
        return Q(last_status_code__isnull=True, attempts__gt=0)
    first = int(code_class[0]) * 100
    return Q(last_status_code__gte=first, last_status_code__lt=first + 100)


def with_error(error: str) -> Q:
    return Q(last_error=error)


def with_tries(tries: str) -> Q:
    return Q(attempts=int(tries)) if tries in ("0", "1") else Q(attempts__gte=int(tries))


def are_offered(words: Mapping[str, str]) -> bool:
    """Say whether each given word is one that the log offers: another one matches nothing."""
    offered: dict[str, Mapping[str, str]] = {
        "state": STATES,
        "code": CODE_CLASSES,
        "error": ERRORS,
        "tries": TRIES,
    }
    return all(not words.get(name) or words[name] in each for name, each in offered.items())
