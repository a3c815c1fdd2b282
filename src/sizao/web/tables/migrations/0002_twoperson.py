"""The columns that every change by two people has."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("tables", "0001_initial"),
    ]

    operations = [
        migrations.RenameField("version", "drafted_by", "asked_by"),
        migrations.AlterField(
            model_name="version",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="申请人",
            ),
        ),
        migrations.AlterField(
            model_name="version",
            name="decided_at",
            field=models.DateTimeField(null=True, verbose_name="决定时间"),
        ),
        migrations.AlterField(
            model_name="version",
            name="reason",
            field=models.CharField(max_length=500, verbose_name="理由"),
        ),
    ]
