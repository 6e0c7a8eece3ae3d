from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.configuration.applying import configuration_apply
from config.configuration.document import MAX_BYTES
from config.configuration.problems import ConfigurationInvalid
from config.configuration.report import report
from sites.audit import Actor


class Command(BaseCommand):
    help = "Makes a site what a configuration file says. See docs/configuration-as-code.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="YAML; - reads from stdin")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would change, and save nothing"
        )
        parser.add_argument(
            "--prune", action="store_true", help="remove what exists and the file does not list"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            applied = configuration_apply(
                files=[_read(name) for name in options["files"]],
                environment=os.environ,
                actor=Actor.system("patchbay apply"),
                prune=options["prune"],
                dry_run=options["dry_run"],
            )
        except ConfigurationInvalid as error:
            raise CommandError(f"Nothing was changed.\n{error}") from None
        self.stdout.write(report(applied, dry_run=options["dry_run"]))


def _read(name: str) -> bytes:
    """Return the file's bytes, one more than the limit at most."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from None
