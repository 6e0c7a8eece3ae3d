from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def take_over_sites(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    Incident = apps.get_model('webhooks', 'Incident')
    Subscription = apps.get_model('webhooks', 'Subscription')
    own = Subscription.objects.filter(pk=OuterRef('subscription_id')).values('site_id')[:1]
    Incident.objects.update(site_id=Subquery(own))
    # PostgreSQL alters no table on which a deferred constraint has yet to be checked.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):

    dependencies = [
        ('sites', '0006_trouble_mail'),
        ('webhooks', '0005_outbound'),
    ]

    operations = [
        migrations.AddField(
            model_name='incident',
            name='site',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site'),
        ),
        migrations.RunPython(take_over_sites, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='incident',
            name='site',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site'),
        ),
        migrations.AlterField(
            model_name='incident',
            name='subscription',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='webhooks.subscription'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['site', 'id'], name='incident_by_site'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['subscription', 'id'], name='incident_by_subscription'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['site', 'id'], name='incident_open_by_site'),
        ),
    ]
