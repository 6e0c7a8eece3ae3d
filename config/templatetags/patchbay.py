"""The widgets of `common.admin` as template tags and filters."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from common.admin.copy_field import copy_block, copy_field, copy_id
from common.admin.relative_time import relative_time
from common.admin.status_chip import Tone, status_chip

register = template.Library()

register.simple_tag(copy_field)
register.simple_tag(copy_block)
register.filter(copy_id)


@register.filter
def ago(at: datetime | None) -> SafeString:
    return relative_time(at)


@register.simple_tag
def chip(label: str, tone: str, title: str = "") -> SafeString:
    return status_chip(label, Tone(tone), title=title)
