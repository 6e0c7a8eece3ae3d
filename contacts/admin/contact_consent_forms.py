"""What staff fill in to set a person's consent or preference."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from contacts.admin.contact_page import CHANNEL_LABELS
from contacts.consents.standing import ConsentState
from integrations.contact_change import Channel

_YES_NO: Final = (("yes", "Yes"), ("no", "No"))


class AnswerForm(forms.Form):
    """An answer that staff were told; the service checks the rest."""

    consent_id = forms.CharField(max_length=120, widget=forms.HiddenInput)
    value = forms.ChoiceField(choices=_YES_NO, label="Answer", widget=forms.RadioSelect)
    at = forms.DateTimeField(
        required=False,
        label="Said at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty: now. For a paper form, when it was signed.",
    )
    text_version = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Text that was shown",
        help_text="Empty: the newest at that time.",
    )
    comment = forms.CharField(
        max_length=500,
        label="Comment",
        help_text="How you know: who said it, where. It is part of the proof.",
    )

    def __init__(self, data: Any = None, *, state: ConsentState) -> None:
        super().__init__(
            data,
            initial={"consent_id": state.consent_id},
            auto_id=f"id_{state.definition.pk if state.definition else ''}_%s",
        )
        versions = state.definition.versions.all() if state.definition else ()
        field = self.fields["text_version"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            ("", "the newest"),
            *((text.version, f"Version {text.version}") for text in versions),
        ]


class PreferenceForm(forms.Form):
    channel = forms.ChoiceField(choices=[(each.value, CHANNEL_LABELS[each]) for each in Channel])
    accepts = forms.ChoiceField(choices=_YES_NO, label="Accepts", widget=forms.RadioSelect)
    reason = forms.CharField(
        max_length=60, label="Reason", help_text="A few words that are kept beside it."
    )
