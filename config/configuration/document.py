"""Reading YAML that somebody wrote by hand, or that somebody hopes will break the reader."""

from __future__ import annotations

from typing import Any, Final

import yaml

from config.configuration.problems import ConfigurationInvalid

VERSION: Final = 1
MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 20


class _Loader(yaml.SafeLoader):
    """The safe loader, which alone would take the last of two equal keys without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key “{key_node.value}” appears twice",
                    problem_mark=key_node.start_mark,
                )
            seen.add(key_node.value if isinstance(key_node, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep)


def read_document(raw: bytes) -> dict[str, Any]:
    """Return the top level of a file of our version. Raises ConfigurationInvalid."""
    if len(raw) > MAX_BYTES:
        raise ConfigurationInvalid([f"The file is larger than {MAX_BYTES // 1024} KiB."])
    try:
        text = raw.decode("utf-8-sig")
        _check_shape(text)
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as error:
        raise ConfigurationInvalid([f"The file is not UTF-8 (byte {error.start})."]) from None
    except yaml.YAMLError as error:
        raise ConfigurationInvalid([_sentence(error)]) from None
    except ValueError as error:
        # A number of thousands of digits, or a date that does not exist.
        raise ConfigurationInvalid([f"The file holds a value that cannot be: {error}"]) from None
    if not isinstance(document, dict):
        raise ConfigurationInvalid(["The file must begin with `version: 1`."])
    version = document.pop("version", None)
    if version != VERSION or isinstance(version, bool):
        raise ConfigurationInvalid([f"version: This Patchbay reads version {VERSION}."])
    return document


def _check_shape(text: str) -> None:
    """Refuse aliases, by which a short file becomes gigabytes, and depth beyond any use."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(
                f"line {line}: aliases (*{event.anchor}) are not read; write the value out"
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise yaml.YAMLError(f"line {line}: nested too deeply")


def _sentence(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"Not valid YAML, line {error.problem_mark.line + 1}: {error.problem}."
    return f"Not valid YAML, {error}."
