"""How figures are printed: label, then value, in columns."""

from __future__ import annotations


def line(label: str, value: str) -> None:
    print(f"  {label:<46} {value}")
