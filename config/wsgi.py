"""The WSGI entry that granian loads, once in each of its worker processes."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_wsgi_application()

# What follows imports models, which it can only now that Django is set up.
from django.db import connection  # noqa: E402

from config.one_core import keep_to_one_core  # noqa: E402
from config.reception_first import ReceptionFirst  # noqa: E402
from sites.api_keys import last_use, usage  # noqa: E402
from sites.heartbeats import HeartbeatThread  # noqa: E402
from sites.models import ProcessKind  # noqa: E402
from sites.publishable_keys import last_use as publishable_last_use  # noqa: E402
from webhooks.inbound.journal.writer import journal_writer  # noqa: E402

if connection.vendor == "sqlite":
    keep_to_one_core()
HeartbeatThread(ProcessKind.WEB).start()
# The one thread that writes for requests writes the use of keys as well; it is started here
# because a process may answer requests with keys and never take a webhook.
journal_writer.add_chore(usage.flush)
journal_writer.add_chore(last_use.flush)
journal_writer.add_chore(publishable_last_use.flush)
journal_writer.start()

application = ReceptionFirst(_django)
