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
from sites.heartbeats import HeartbeatThread  # noqa: E402
from sites.models import ProcessKind  # noqa: E402

if connection.vendor == "sqlite":
    keep_to_one_core()
HeartbeatThread(ProcessKind.WEB).start()

application = ReceptionFirst(_django)
