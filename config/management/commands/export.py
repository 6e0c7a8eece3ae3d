from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.configuration.exporting import configuration_export
from sites.models import Site


class Command(BaseCommand):
    help = "Prints a site's configuration as a file that apply reads; secrets as references."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("site", metavar="SITE", help="the site's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(slug=options["site"]).first()
        if site is None:
            slugs = ", ".join(Site.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"No site “{options['site']}”. There are: {slugs or 'none'}.")
        self.stdout.write(configuration_export(site=site), ending="")
