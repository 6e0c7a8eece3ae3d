"""What the page of a source shows: where to send, how it is checked, how it is doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.markdown import markdown_html
from common.masks import MASK
from integrations.preset import Sample
from integrations.sample_request import build_sample_request, curl_line
from integrations.verification import VerificationFailed
from webhooks.inbound.admin.source_charts import SERIES, activity_chart, state_chip
from webhooks.inbound.models import Source
from webhooks.inbound.sources.activity import activity_by_source, state_of
from webhooks.inbound.sources.services import missing_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCurl:
    """A command that sends a sample; `problem` says why there is none."""

    line: str = ""
    problem: str = ""
    has_placeholder: bool = False


def reception_url(source: Source) -> str:
    return f"{settings.PUBLIC_URL}{source.reception_path}"


def masked_url(source: Source) -> str:
    """Return the address with a mask where the sender has to carry a secret in it."""
    names = sorted(source.preset.verifier(source.config).secret_query_names)
    query = "&".join(f"{quote(name)}={MASK}" for name in names)
    return f"{reception_url(source)}?{query}" if query else reception_url(source)


def full_url(source: Source) -> str:
    """Return the address with its secret, for whoever has asked to see it."""
    try:
        given = source.preset.verifier(source.config).credentials(b"", timezone.now())
    except VerificationFailed:
        return reception_url(source)
    return (
        f"{reception_url(source)}?{urlencode(given.query)}"
        if given.query
        else (reception_url(source))
    )


def chosen_sample(source: Source, name: str) -> Sample | None:
    """Return the sample of that name, else the first; None when the preset ships none."""
    samples = source.preset.samples()
    named = [sample for sample in samples if sample.name == name]
    return next(iter(named or samples), None)


def ready_curl(source: Source, sample: Sample | None, *, mask_secrets: bool) -> ReadyCurl:
    if sample is None:
        return ReadyCurl(problem="This preset ships no sample.")
    try:
        built = build_sample_request(
            preset=source.preset,
            config=source.config,
            sample=sample,
            url=reception_url(source),
            now=timezone.now(),
        )
    except VerificationFailed as error:
        return ReadyCurl(problem=f"Nothing to sign with yet. {error.detail}")
    return ReadyCurl(
        line=curl_line(built, mask_secrets=mask_secrets),
        has_placeholder=mask_secrets and built.reveals_secret,
    )


def setup_notes(source: Source) -> SafeString:
    return markdown_html(source.preset.setup_markdown().replace("{url}", masked_url(source)))


def status_context(source: Source) -> dict[str, Any]:
    """Return what everybody on the site may see."""
    verifier = source.preset.verifier(source.config)
    day = activity_by_source([source.pk])[source.pk]
    return {
        "state_chip": state_chip(state_of(source, day)),
        "day": day,
        "day_chart": activity_chart(day, name=source.name),
        "series": SERIES,
        "check_sentence": verifier.describe(),
        "unsigned_reason": verifier.unsigned_reason,
    }


def operator_context(source: Source, sample_name: str) -> dict[str, Any]:
    """Return what is needed to connect the sender, for those who configure."""
    sample = chosen_sample(source, sample_name)
    return {
        "masked_url": masked_url(source),
        "url_has_secret": masked_url(source) != reception_url(source),
        "missing_secrets": [field.label for field in missing_secrets(source)],
        "samples": source.preset.samples(),
        "sample": sample,
        "curl": ready_curl(source, sample, mask_secrets=True),
        "setup_notes": setup_notes(source),
    }
