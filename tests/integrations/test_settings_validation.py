from __future__ import annotations

from typing import Any

import pytest

from integrations.request import PresetConfig
from integrations.settings_fields import FieldKind, SettingField
from integrations.settings_validation import clean_config


def cleaned(value: Any, kind: FieldKind, **field: Any) -> Any:
    declared = SettingField(key="it", label="It", kind=kind, **field)
    given = PresetConfig(**{"secrets" if kind.is_secret else "settings": {"it": value}})
    config, errors = clean_config([declared], given)
    if errors:
        raise ValueError(errors["it"])
    return (config.secrets if kind.is_secret else config.settings).get("it")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (FieldKind.TEXT, "  a b ", "a b"),
        (FieldKind.TEXT, "  ", None),
        (FieldKind.TEXT, None, None),
        (FieldKind.BOOLEAN, False, False),
        (FieldKind.BOOLEAN, True, True),
        (FieldKind.CHOICE, "one", "one"),
        (
            FieldKind.NETWORKS,
            "192.0.2.7, 10.0.0.1/8\n::1;192.0.2.7",
            ["192.0.2.7", "10.0.0.0/8", "::1"],
        ),
        (FieldKind.NETWORKS, ["2001:db8::/32"], ["2001:db8::/32"]),
        (FieldKind.NETWORKS, [], None),
        (FieldKind.POINTER, " /a/b ", "/a/b"),
        (FieldKind.POINTER, "/", "/"),
        (FieldKind.POINTERS, "a = /x\r\nb c=/y/0\n", {"a": "/x", "b c": "/y/0"}),
        (FieldKind.POINTERS, {"a": "/x"}, {"a": "/x"}),
        (FieldKind.SECRET, " pass word \n", "pass word"),
        (FieldKind.SECRETS, "one\ntwo words\n\none", ["one", "two words"]),
        (FieldKind.SECRETS, [" a "], ["a"]),
    ],
)
def test_value_is_normalised(kind: FieldKind, value: Any, expected: Any) -> None:
    assert cleaned(value, kind, choices={"one": "One"}) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.TEXT, 5),
        (FieldKind.TEXT, "x" * 1001),
        (FieldKind.TEXT, "a\x00b"),
        (FieldKind.TEXT, "a\u202eb"),
        (FieldKind.BOOLEAN, "true"),
        (FieldKind.BOOLEAN, 1),
        (FieldKind.CHOICE, "two"),
        (FieldKind.CHOICE, ["one"]),
        (FieldKind.NETWORKS, "300.0.0.1"),
        (FieldKind.NETWORKS, "example.com"),
        (FieldKind.NETWORKS, [1]),
        (FieldKind.NETWORKS, 7),
        (FieldKind.NETWORKS, [f"10.0.{i // 256}.{i % 256}" for i in range(201)]),
        (FieldKind.POINTER, "email"),
        (FieldKind.POINTER, "/a~2b"),
        (FieldKind.POINTER, "/" + "a" * 1024),
        (FieldKind.POINTER, "/a" * 33),
        (FieldKind.POINTERS, "no equals sign"),
        (FieldKind.POINTERS, {"1st": "/x"}),
        (FieldKind.POINTERS, {"": "/x"}),
        (FieldKind.POINTERS, {"a": "x"}),
        (FieldKind.POINTERS, {"a": 5}),
        (FieldKind.POINTERS, {f"n{i}": "/x" for i in range(101)}),
        (FieldKind.SECRET, ["x"]),
        (FieldKind.SECRETS, {"a": 1}),
        (FieldKind.SECRETS, [str(i) for i in range(6)]),
    ],
)
def test_wrong_value_is_refused_with_a_sentence(kind: FieldKind, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        cleaned(value, kind, choices={"one": "One"})


def test_default_stands_in_for_blank_and_required_is_asked_for() -> None:
    assert cleaned("", FieldKind.TEXT, default="x") == "x"
    assert cleaned(None, FieldKind.BOOLEAN, default=True) is True
    with pytest.raises(ValueError, match="must not be empty"):
        cleaned(" ", FieldKind.TEXT, required=True)


def test_field_of_another_mode_is_neither_asked_for_nor_kept() -> None:
    fields = [
        SettingField(key="mode", label="Mode", kind=FieldKind.CHOICE, choices={"a": "A", "b": "B"}),
        SettingField(key="only_a", label="A", required=True, shown_when=("mode", frozenset({"a"}))),
        SettingField(
            key="deep", label="Deep", required=True, shown_when=("only_a", frozenset({"x"}))
        ),
        SettingField(
            key="secret", label="S", kind=FieldKind.SECRET, shown_when=("mode", frozenset({"a"}))
        ),
    ]
    given = {"only_a": "x", "deep": "y"}
    secrets = {"secret": "s"}
    config, errors = clean_config(
        fields, PresetConfig(settings={"mode": "b", **given}, secrets=secrets)
    )
    assert (config.settings, config.secrets, errors) == ({"mode": "b"}, {}, {})
    config, errors = clean_config(
        fields, PresetConfig(settings={"mode": "a", **given}, secrets=secrets)
    )
    assert (config.settings, config.secrets) == ({"mode": "a", **given}, secrets)
    _, errors = clean_config(fields, PresetConfig(settings={"mode": "a"}))
    assert set(errors) == {"only_a"}


def test_unknown_key_and_secret_in_the_wrong_place_are_named() -> None:
    fields = [SettingField(key="key", label="Key", kind=FieldKind.SECRET)]
    _, errors = clean_config(fields, PresetConfig(settings={"key": "x"}, secrets={"other": "y"}))
    assert set(errors) == {"key", "other"}


def test_own_check_sees_each_secret_and_its_sentence_is_shown() -> None:
    seen = []

    def check(value: str) -> str:
        seen.append(value)
        if value == "bad":
            raise ValueError("Not this one.")
        return value.upper()

    assert cleaned("a\nb", FieldKind.SECRETS, clean=check) == ["A", "B"]
    assert seen == ["a", "b"]
    with pytest.raises(ValueError, match="Not this one"):
        cleaned("bad", FieldKind.TEXT, clean=check)
