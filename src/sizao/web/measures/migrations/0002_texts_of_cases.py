"""Takes over the texts that cases sent, with their place in the command log and their receipts."""

from django.db import migrations

FIELDS = (
    "case_id", "command", "kind", "vehicle", "text", "state", "detail", "ordered_by_id",
    "ordered_at", "log_seq", "sent_at", "answered_at", "expires_at", "lifted_at",
)  # fmt: skip
CHUNK = 1000


def copy(source, target, using):
    rows = (
        source.objects.using(using).order_by("pk").values_list(*FIELDS).iterator(chunk_size=CHUNK)
    )
    batch = []
    for row in rows:
        batch.append(target(**dict(zip(FIELDS, row, strict=True))))
        if len(batch) == CHUNK:
            target.objects.using(using).bulk_create(batch)
            batch = []
    target.objects.using(using).bulk_create(batch)


def forward(apps, schema_editor):
    source = apps.get_model("cases", "ControlMeasure")
    copy(source, apps.get_model("measures", "TerminalText"), schema_editor.connection.alias)


def backward(apps, schema_editor):
    texts = apps.get_model("measures", "TerminalText")
    using = schema_editor.connection.alias
    if texts.objects.using(using).filter(case=None).exists():
        raise RuntimeError("texts to areas have no place in the old table; nothing was changed")
    copy(texts, apps.get_model("cases", "ControlMeasure"), using)


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0001_initial"),
        ("cases", "0002_initial"),
    ]

    operations = [
        migrations.RunPython(forward, backward),
    ]
