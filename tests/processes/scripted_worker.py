"""`manage.py worker` with the scripted preset: `python -m tests.processes.scripted_worker`."""

from __future__ import annotations

import sys

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from tests.webhooks.scripted import scripted_presets

    with scripted_presets():
        call_command("worker", *sys.argv[1:])


if __name__ == "__main__":
    main()
