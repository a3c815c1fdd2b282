"""The texts to terminals moved to ``measures``; what is a control measure is there too."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_origin"),
        ("measures", "0002_texts_of_cases"),
    ]

    operations = [
        migrations.DeleteModel(name="ControlMeasure"),
    ]
