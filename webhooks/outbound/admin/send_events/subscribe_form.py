"""The short way to a subscription: a URL and headers, as Connectif asks for a send event."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from sites.audit import Actor
from webhooks.outbound.formats.connectif_send import ConnectifSendFormat
from webhooks.outbound.models import SendEvent, Signing, Subscription
from webhooks.outbound.send_events.catalogue import send_type
from webhooks.outbound.subscriptions.services import subscription_save


class _WriteOnlyTextarea(forms.Textarea):
    """Shows nothing of what was typed: a key among the headers is not sent back to a browser."""

    def format_value(self, value: Any) -> str:
        return ""


class SubscribeForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="Which system it is, such as “Warehouse”.")
    url = forms.CharField(
        max_length=1000,
        label="URL",
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Takes a POST with the fields as a JSON object; any 2xx is success.",
    )
    headers = forms.CharField(
        required=False,
        max_length=4000,
        strip=False,
        widget=_WriteOnlyTextarea(
            attrs={
                "rows": 2, "class": "mono", "autocomplete": "off", "spellcheck": "false",
                "placeholder": "Authorization: Bearer …",
            }
        ),
        help_text="One a line, name and value with a colon between. They are stored encrypted and "
        "not shown again, not even when something else here is refused.",
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix="subscribe")

    def clean_headers(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for line in self.cleaned_data["headers"].splitlines():
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon:
                raise ValidationError("Write each header as Name: value, one a line.")
            if name.strip().lower() in {known.lower() for known in found}:
                raise ValidationError(f"The header {name.strip()} is there twice. Keep one.")
            found[name.strip()] = value.strip()
        return found

    def subscribed(self, event: SendEvent, actor: Actor) -> Subscription | None:
        """Store the subscription; None when it was refused, with the form saying why."""
        given = self.cleaned_data
        subscription = Subscription(
            site=event.site,
            name=given["name"],
            url=given["url"],
            format_key=ConnectifSendFormat.key,
            event_types=[send_type(event)],
            # Connectif signs nothing: the receiver knows it by the headers.
            signing=Signing.NONE,
        )
        try:
            subscription_save(subscription=subscription, actor=actor, headers=given["headers"])
        except ValidationError as error:
            for name, sentences in error.message_dict.items():
                self.add_error(name if name in self.fields else None, sentences)
            return None
        return subscription
