from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms

from webhooks.outbound.admin.forms.section_form import SectionForm
from webhooks.outbound.models import Subscription
from webhooks.outbound.subscriptions.limits import NUMBERS
from webhooks.outbound.subscriptions.retry_settings import (
    read_rules,
    read_schedule,
    rules_text,
    schedule_text,
)

_POLICY: Final = ("timeout_seconds", "rate_per_second", "concurrency", "strict_order")
_BATCHING: Final = ("batch_size", "batch_seconds")


def _number(name: str, label: str, help_text: str) -> forms.IntegerField:
    least, most = NUMBERS[name]
    return forms.IntegerField(min_value=least, max_value=most, label=label, help_text=help_text)


class PolicyForm(SectionForm):
    columns = (*_POLICY, "retry_schedule", "retry_rules")
    retry_schedule = forms.CharField(
        label="Schedule",
        max_length=400,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
        help_text="The wait before each try, such as 0, 5 s, 5 min, 2 h. The first is after the "
        "event, each other after the failure before it; 10 to 20 % are added by chance.",
    )
    retry_rules = forms.CharField(
        required=False,
        label="Rules by answer",
        max_length=1_000,
        widget=forms.Textarea(
            attrs={"class": "mono", "rows": 3, "placeholder": "404 stop\n4xx stop\n429 retry"}
        ),
        help_text="One a line: a code such as 404 or a class such as 4xx, then stop or retry. A "
        "code goes before its class. Without a rule, all but a success is tried again.",
    )
    timeout_seconds = _number("timeout_seconds", "Time-out", "Seconds for the whole exchange.")
    rate_per_second = _number(
        "rate_per_second", "Limit a second", "The most requests a second; 0 is no limit."
    )
    concurrency = _number("concurrency", "At once", "The most requests under way at one time.")
    strict_order = forms.BooleanField(
        required=False,
        label="Strict order",
        help_text="One request under way for each contact: what happened later waits for what "
        "happened before, also while that is tried again.",
    )

    def initial_values(self, subscription: Subscription) -> dict[str, Any]:
        return {name: getattr(subscription, name) for name in _POLICY} | {
            "retry_schedule": schedule_text(subscription.retry_schedule),
            "retry_rules": rules_text(subscription.retry_rules),
        }

    def clean_retry_schedule(self) -> Any:
        return _read(read_schedule, self.cleaned_data["retry_schedule"])

    def clean_retry_rules(self) -> Any:
        return _read(read_rules, self.cleaned_data["retry_rules"])

    def apply_to(self, subscription: Subscription) -> None:
        for name in (*_POLICY, "retry_schedule", "retry_rules"):
            setattr(subscription, name, self.cleaned_data[name])


class BatchingForm(SectionForm):
    columns = _BATCHING
    batch_size = _number(
        "batch_size", "Events a request", "A request goes out as soon as so many are there."
    )
    batch_seconds = _number(
        "batch_seconds", "Window", "Or so many seconds after the first of them, if that is sooner."
    )

    def initial_values(self, subscription: Subscription) -> dict[str, Any]:
        return {name: getattr(subscription, name) for name in _BATCHING}

    def apply_to(self, subscription: Subscription) -> None:
        for name in _BATCHING:
            setattr(subscription, name, self.cleaned_data[name])


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from None
