"""A controller counts 100 uses of a right at most: rights that said more say 100, and the worker tells the controllers.

A set of rules with more was refused whole, so nobody has ever passed by one of these.
"""

from django.db import migrations
from django.utils import timezone

MOST = 100


def cap(apps, schema_editor):
    Grant, Controller = apps.get_model("cloud", "Grant"), apps.get_model("cloud", "Controller")
    beyond = Grant.objects.filter(uses__gt=MOST)
    concerned = Controller.objects.filter(lost_at=None, doors__groups__grants__in=beyond)
    # "When time alone next changes who may pass": the worker makes these tables anew at once.
    Controller.objects.filter(pk__in=list(concerned.values_list("pk", flat=True))).update(acl_due=timezone.now())
    beyond.update(uses=MOST)


class Migration(migrations.Migration):
    dependencies = [("cloud", "0013_access")]

    operations = [
        migrations.RemoveConstraint(model_name="grant", name="grant_uses"),
        migrations.RunPython(cap, migrations.RunPython.noop, elidable=True),
    ]
