"""Bar charts as SVG made on the server: classes only, so that a strict CSP lets them be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_SLOT = 10
_BAR = 8
_HEIGHT = 40
_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One slot of time: its label and how many of each series, lowest part first.

    `parts` maps a CSS series (`good`, `quiet`, `bad`, `refused`) to a count; `words` says what
    they are called aloud.
    """

    label: str
    parts: Mapping[str, int]
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.parts.values())


def bar_chart(bars: Sequence[Bar], *, title: str, small: bool = False) -> SafeString:
    """Return stacked bars scaled to the tallest; `title` is what a screen reader says."""
    tallest = max((bar.total for bar in bars), default=0)
    return format_html(
        '<svg class="chart{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>',
        " chart-small" if small else "",
        max(len(bars), 1) * _SLOT,
        _HEIGHT,
        title,
        format_html_join(
            "", "{}", ((_slot(bar, place, tallest),) for place, bar in enumerate(bars))
        ),
    )


def _slot(bar: Bar, place: int, tallest: int) -> SafeString:
    said = [f"{count} {bar.words.get(key, key)}" for key, count in bar.parts.items() if count]
    return format_html(
        "<g><title>{}: {}</title>"
        '<rect class="chart-slot" x="{}" y="{}" width="{}" height="2"/>{}</g>',
        bar.label,
        ", ".join(said) or "nothing",
        place * _SLOT,
        _HEIGHT - 2,
        _BAR,
        format_html_join(
            "",
            '<rect class="chart-{}" x="{}" y="{}" width="{}" height="{}"/>',
            _stack(bar, place, tallest),
        ),
    )


def _stack(bar: Bar, place: int, tallest: int) -> list[tuple[str, int, str, int, str]]:
    # A single failure beside ten thousand successes must still be seen.
    heights = {
        series: max(count / tallest * _HEIGHT, _LEAST)
        for series, count in bar.parts.items()
        if count
    }
    excess = sum(heights.values()) - _HEIGHT
    if excess > 0:
        heights[max(heights, key=lambda series: heights[series])] -= excess
    rows = []
    top = float(_HEIGHT)
    for series, height in heights.items():
        top -= height
        rows.append((series, place * _SLOT, f"{top:.2f}", _BAR, f"{height:.2f}"))
    return rows
