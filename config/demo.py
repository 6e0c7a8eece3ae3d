"""`./patchbay run --demo`: a site with every integration, and their samples played in.

What arrives goes through the socket like anybody's webhook. Calling it again adds nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import timezone

from config.demo_app import demo_app_make, demo_app_play
from config.demo_automation import demo_automation_make
from config.demo_onsite import demo_onsite_play
from config.demo_sources import SETTINGS, demo_secrets
from config.demo_subscriptions import demo_subscriptions_make
from integrations.registry import offered_presets
from integrations.sample_request import BuiltRequest, build_sample_request
from integrations.samples import Sample
from sites.audit import Actor
from sites.models import Site
from sites.services.site import site_create
from webhooks.inbound.sources.services import source_create
from webhooks.models import ReceivedEvent, RejectedRequest, Source

SLUG: Final = "demo"
ACTOR: Final = Actor.system("./patchbay run --demo")
TIMEOUT_SECONDS: Final = 15


def demo_play(base_url: str) -> str:
    """Make what is missing, send what has not arrived; return one line that says what happened."""
    try:
        site = Site.objects.filter(slug=SLUG).first() or site_create(
            site=Site(name="Demo store", slug=SLUG, default_country="SE", language="en"),
            actor=ACTOR,
        )
        sources = [_source(site, preset.key) for preset in offered_presets()]
        # All that reception looks up is there before it is first asked.
        event = demo_app_make(site, actor=ACTOR)
        demo_automation_make(site, event, actor=ACTOR)
        # Before anything happens, so that there is something to tell.
        demo_subscriptions_make(base_url, site, actor=ACTOR)
        sent, accepted = _send_samples(base_url, sources)
        _send_forgery(base_url, site, sources)
        pages = demo_app_play(base_url, event)
        visitors = demo_onsite_play(base_url, site, actor=ACTOR)
    except (DatabaseError, ValidationError, requests.RequestException) as error:
        # The installation runs all the same; only its demo is incomplete.
        reason = " ".join(str(error).split())
        return f"The demo could not be loaded: {type(error).__name__}: {reason}"
    if not sent:
        return f"The demo site is there already, with {len(sources)} sources."
    played = f"{accepted} of {sent} sample requests accepted"
    return f"Demo: {len(sources)} sources, {', '.join(filter(None, (played, pages, visitors)))}."


def _source(site: Site, preset_key: str) -> Source:
    existing = site.sources.filter(preset_key=preset_key).first()
    if existing is not None:
        return existing
    source = Source(site=site, preset_key=preset_key, settings=SETTINGS.get(preset_key, {}))
    source.name = f"{source.preset.label} demo"
    source_create(source=source, actor=ACTOR, secrets=demo_secrets(source.preset))
    return source


def _send_samples(base_url: str, sources: list[Source]) -> tuple[int, int]:
    sent = accepted = 0
    for source in sources:
        if ReceivedEvent.objects.filter(source=source).exists():
            continue
        for sample in source.preset.samples():
            sent += 1
            accepted += _post(_built(base_url, source, sample)) == source.preset.success_status
    return sent, accepted


def _send_forgery(base_url: str, site: Site, sources: list[Source]) -> None:
    """Send one body that was changed after it was signed, so that a refusal can be looked at."""
    if RejectedRequest.objects.filter(site=site).exists():
        return
    for source in sources:
        for sample in source.preset.samples()[:1]:
            built = _built(base_url, source, sample)
            # A token or password would be accepted with any body.
            if not built.reveals_secret:
                _post(replace(built, body=built.body + b"\n"))
                return


def _built(base_url: str, source: Source, sample: Sample) -> BuiltRequest:
    return build_sample_request(
        preset=source.preset,
        config=source.config,
        sample=sample,
        url=base_url + source.reception_path,
        now=timezone.now(),
    )


def _post(built: BuiltRequest) -> int:
    with requests.Session() as session:
        # A proxy for the outside world would not find this machine's loopback.
        session.trust_env = False
        # The name that the installation answers to; the address stays the loopback.
        host = urlsplit(settings.PUBLIC_URL).netloc
        response = session.post(
            built.url,
            data=built.body,
            headers={**built.headers, "Host": host},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    return response.status_code
