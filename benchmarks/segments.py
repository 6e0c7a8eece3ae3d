"""How long segments take: `./patchbay bench segments --database postgresql`.

Fills a throw-away installation with contacts (1,000,000 on PostgreSQL, 100,000 on SQLite, or as
`--contacts` says), their answers and about three activities each. Then prints the seconds of
previews of several rules, of a first computation, of another one after 1 % moved, and of the live
test of one contact.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.installation import temporary_installation
from benchmarks.printed import line

if TYPE_CHECKING:
    from automation.models import Segment
    from sites.models import Site

_USUAL: Final = {"sqlite": 100_000, "postgresql": 1_000_000}
_LIVE_TESTS: Final = 50


def _group(*items: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {"kind": "group", "match": match, "items": list(items)}


def _did(kind: str, operator: str, count: int, **more: Any) -> dict[str, Any]:
    return {"kind": "activity", "type": kind, "operator": operator, "count": count, **more}


_CITY: Final = {"kind": "field", "field": "city", "operator": "in", "value": ["Malmö", "Lund"]}
_SPENT: Final = {"kind": "field", "field": "attribute:spent", "operator": "ge", "value": "5000"}
_ACCEPTS: Final = {"kind": "preference", "channel": "email", "is": "yes"}
_AGREED: Final = {"kind": "consent", "consent_id": "terms", "is": "yes"}
_NEVER_ASKED: Final = {"kind": "preference", "channel": "sms", "is": "not_set"}
_ACTIVE: Final = {"kind": "email_status", "is": ["active"]}
_ORDERED: Final = _did(
    "orderPlaced",
    "at_least",
    2,
    days=180,
    properties=[{"path": "total", "operator": "gt", "value": 250}],
)
_RULES: Final = {
    "a column": _group(_CITY),
    "a contact field, as a number": _group(_SPENT),
    "nested, with preferences and consents": _group(
        _ACTIVE, _group(_ACCEPTS, _group(_AGREED, _NEVER_ASKED), match="any")
    ),
    "an activity with properties, twice": _group(_ORDERED),
    "activities or fields, in any group": _group(
        _CITY, _ORDERED, _did("visited", "exactly", 0, days=90), match="any"
    ),
}
_EXCLUDED: Final = _group(_did("clicked", "at_least", 3), match="any")


def main() -> int:
    options = _options()
    count = options.contacts or _USUAL[options.database]
    with temporary_installation(options.database):
        from benchmarks.crowd import crowd_fill

        print(f"Segments on {options.database}, {count:,} contacts")
        started = time.perf_counter()
        site = crowd_fill(count, _progress)
        line("filled in", f"{time.perf_counter() - started:,.0f} s")
        for name, include in _RULES.items():
            _preview(site, name, {"include": include, "exclude": None})
        whole = {"include": _RULES["nested, with preferences and consents"], "exclude": _EXCLUDED}
        _preview(site, "the same, without who clicked often", whole)
        _compute(site)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=tuple(_USUAL), default="sqlite")
    parser.add_argument("--contacts", type=int, default=0)
    return parser.parse_args()


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text:<60}", end="", flush=True)


def _preview(site: Site, name: str, document: dict[str, Any]) -> None:
    from automation.segments.preview import segment_preview
    from automation.segments.rules import read_rule

    found = segment_preview(site, read_rule(document, site))
    line(f"preview: {name}", f"{found.seconds:8.2f} s   {found.count:>9,} contacts")


def _compute(site: Site) -> None:
    from automation.models import Segment
    from automation.segments.preview import segment_preview
    from automation.segments.rules import read_rule
    from automation.segments.services import segment_save
    from contacts.models import Contact
    from sites.audit import Actor

    rule = read_rule({"include": _group(_CITY), "exclude": None}, site)
    made = segment_save(
        segment=Segment(site=site, name="Bench"), rule=rule, actor=Actor.system("bench")
    )
    _timed_compute("first computation", made)
    _timed_compute("again, nobody moved", made)
    in_it = Contact.objects.filter(site=site, city="Malmö").order_by("pk")
    out_of_it = Contact.objects.filter(site=site, city="Umeå").order_by("pk")
    each_way = Contact.objects.count() // 200
    leaving = list(in_it.values_list("pk", flat=True)[:each_way])
    entering = list(out_of_it.values_list("pk", flat=True)[:each_way])
    for keys, city in ((leaving, "Umeå"), (entering, "Malmö")):
        for start in range(0, len(keys), 500):
            Contact.objects.filter(pk__in=keys[start : start + 500]).update(city=city)
    compared = segment_preview(site, rule, made)
    line("preview of a change, compared with the members", f"{compared.seconds:8.2f} s")
    _timed_compute("again, 1 % moved", made)
    _tell(made)
    _live(site, made, entering[:_LIVE_TESTS])


def _timed_compute(name: str, segment: Segment) -> None:
    from automation.segments.computing import segment_compute

    started = time.perf_counter()
    done = segment_compute(segment)
    seconds = time.perf_counter() - started
    segment.refresh_from_db()
    told = f"{done.entered:,} entered, {done.left:,} left" if done else segment.trouble
    line(name, f"{seconds:8.2f} s   {told}")


def _tell(segment: Segment) -> None:
    from automation.segments.telling import moves_tell

    started = time.perf_counter()
    told = moves_tell(segment, time.monotonic() + 60)
    line("told of the moves", f"{time.perf_counter() - started:8.2f} s   {told:,} moves")


def _live(site: Site, segment: Segment, keys: list[Any]) -> None:
    """Ask of one contact after the other whether the dearest rule holds."""
    from automation.segments.queries import matching_ids
    from automation.segments.rules import read_rule

    document = {"include": _RULES["activities or fields, in any group"], "exclude": _EXCLUDED}
    rule = read_rule(document, site)
    seconds = []
    for key in keys:
        started = time.perf_counter()
        matching_ids(site, rule, [key])
        seconds.append(time.perf_counter() - started)
    line("live test of one contact, median", f"{statistics.median(seconds) * 1000:8.1f} ms")


if __name__ == "__main__":
    raise SystemExit(main())
