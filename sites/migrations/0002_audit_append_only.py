"""The database itself refuses to change an audit entry, whatever code asks it to.

SQLite has no trigger on DELETE: the test suite empties tables by DELETE there. A later migration
that alters `sites_auditentry` on SQLite copies the table and drops its triggers: it must run
`append_only` again.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = """
CREATE TRIGGER sites_auditentry_append_only BEFORE UPDATE ON sites_auditentry
BEGIN SELECT RAISE(ABORT, 'Audit entries are append-only.'); END
"""
POSTGRESQL = """
CREATE FUNCTION sites_auditentry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'Audit entries are append-only.'; END $$;
CREATE TRIGGER sites_auditentry_append_only BEFORE UPDATE OR DELETE ON sites_auditentry
FOR EACH ROW EXECUTE FUNCTION sites_auditentry_refuse();
"""


def append_only(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    schema_editor.execute(SQLITE if is_sqlite else POSTGRESQL, params=None)


def writable(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS sites_auditentry_append_only")
    else:
        schema_editor.execute(
            "DROP TRIGGER IF EXISTS sites_auditentry_append_only ON sites_auditentry; "
            "DROP FUNCTION IF EXISTS sites_auditentry_refuse()"
        )


class Migration(migrations.Migration):
    dependencies = [("sites", "0001_initial")]

    operations = [migrations.RunPython(append_only, writable)]
