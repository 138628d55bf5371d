"""Many log-ins of one account at the same moment, on a database of its own. Run as a process.

Prints the slots, whether the newest are kept, and what went wrong.
"""

import json
import os
import threading
from types import SimpleNamespace

WHO, EACH = 4, 6


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tools.cloud.settings"
    import django

    django.setup()
    from django.db import connection
    from django.db.models.signals import post_save
    from tables import make_tables

    from tools.cloud.members import log_ins
    from tools.cloud.models import LogIn, User

    make_tables()
    user = User.objects.create(email="ola@example.org")
    begin, wrong, made = threading.Barrier(WHO), [], []
    post_save.connect(lambda instance, **_: made.append(instance.at), sender=LogIn, weak=False)

    def sign_in(who: int) -> None:
        begin.wait()
        for n in range(EACH):
            session = SimpleNamespace(session_key=f"{who}-{n}")
            try:
                log_ins.note(SimpleNamespace(session=session, META={}), user)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001  told at the end
                wrong.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=sign_in, args=(who,)) for who in range(WHO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = sorted(LogIn.objects.values_list("at", flat=True)) == sorted(made)[-10:]
    print(json.dumps([sorted(LogIn.objects.values_list("slot", flat=True)), kept, wrong]))
    user.delete()


if __name__ == "__main__":
    main()
