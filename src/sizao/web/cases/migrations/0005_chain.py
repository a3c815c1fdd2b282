"""Each line of a timeline carries the hash of the one before; existing lines are sealed in order."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from sizao.web.audit.chain import GENESIS, seal
from sizao.web.cases.timeline import content


def seal_all(apps, schema_editor):
    events = apps.get_model("cases", "CaseEvent").objects.using(schema_editor.connection.alias)
    number, before = "", GENESIS
    rows = events.select_related("case").order_by("case_id", "seq")
    for row in rows.iterator(chunk_size=1000):
        if row.case.number != number:
            number, before = row.case.number, GENESIS
        sealed = seal(content(number, row), before)
        events.filter(pk=row.pk).update(prev_hash=before, hash=sealed)
        before = sealed


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_texts_moved"),
        ("units", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "caseevent",
            "prev_hash",
            models.CharField(default="", editable=False, max_length=64, verbose_name="上一条哈希"),
            preserve_default=False,
        ),
        migrations.AddField(
            "caseevent",
            "hash",
            models.CharField(default="", editable=False, max_length=64, verbose_name="哈希"),
            preserve_default=False,
        ),
        migrations.RunPython(seal_all, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "task",
                    models.CharField(
                        blank=True,
                        help_text="预案/任务；空为案件本身",
                        max_length=96,
                        verbose_name="任务",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="首次打开")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="cases.case",
                        verbose_name="案件",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="units.unit",
                        verbose_name="单位",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="阅读人",
                    ),
                ),
            ],
            options={
                "verbose_name": "阅读回执",
                "verbose_name_plural": "阅读回执",
                "ordering": ["at"],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "task", "user"), name="receipt_once")
                ],
            },
        ),
    ]
