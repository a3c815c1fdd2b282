"""The service of a coach, which decides whether it may drive in the small hours."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fleet", "0002_limits_and_periods")]

    operations = [
        migrations.AddField(
            model_name="vehicle",
            name="service",
            field=models.CharField(
                blank=True,
                choices=[
                    ("long_distance", "长途客运"),
                    ("short_line", "短途班线"),
                    ("airport_fixed_line", "机场固定班线"),
                    ("high_speed_rail_express", "高铁快线"),
                    ("relay_short_leg", "接驳运输短途驳载"),
                ],
                max_length=32,
                verbose_name="客运服务类型",
            ),
        ),
    ]
