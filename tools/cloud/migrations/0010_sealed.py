"""What stood in plain is sealed: the keys of boards and of their logs. PINs go from Fernet to the same scheme."""

import base64
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from django.db import migrations

from tools.cloud import sealing

SEALED = {"Controller": ("link_secret", "next_secret", "table_key", "broker_key"), "LogKey": ("key",)}


def seal(apps, schema_editor):
    for model, fields in SEALED.items():
        rows = apps.get_model("cloud", model).objects
        for row in rows.only(*fields).iterator():
            plain = {name: bytes(getattr(row, name)) for name in fields if getattr(row, name)}
            if plain:
                rows.filter(pk=row.pk).update(**{name: sealing.seal(name, value) for name, value in plain.items()})
    _pins(apps.get_model("cloud", "Credential"))


def _pins(credential):
    before = Fernet(base64.urlsafe_b64encode(sha256(b"seal" + sealing.key()).digest()))
    for row in credential.objects.filter(sealed__isnull=False).only("sealed").iterator():
        try:
            digits = before.decrypt(bytes(row.sealed))
        except InvalidToken:
            continue  # of another pin_key: it could not be read before either, and is told when it is needed
        credential.objects.filter(pk=row.pk).update(sealed=sealing.seal("pin", digits))


def _fields():
    for model, names in SEALED.items():
        for name in names:
            options = {"null": True} if name == "next_secret" else {"default": b""} if name == "broker_key" else {}
            yield migrations.AlterField(model.lower(), name, sealing.SealedField(**options))


class Migration(migrations.Migration):
    dependencies = [("cloud", "0009_standing")]
    operations = [
        migrations.RunPython(seal, elidable=True),
        # The columns stay what they are.
        migrations.SeparateDatabaseAndState(state_operations=list(_fields())),
    ]
