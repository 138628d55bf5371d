"""Notices by Apprise (pip install portvakt[notices]): NOTICES=tools.cloud.lockers.by_apprise:send.

NOTICES_EMAIL and NOTICES_SMS are addresses of Apprise's with {to} where the recipient's goes, such as
mailtos://user:password@smtp.example.org?from=parcels@example.org&to={to}. The library has the services of over a
hundred senders, so none of them is written here.
"""

import os
from urllib.parse import quote

SETTINGS = {"email": "NOTICES_EMAIL", "sms": "NOTICES_SMS"}


def send(way: str, to: str, subject: str, text: str) -> None:
    """Raises OSError when it did not leave. What it says names no address: those hold passwords."""
    from apprise import Apprise

    setting = SETTINGS[way]
    address = os.environ.get(setting, "")
    if "{to}" not in address:
        raise OSError(f"{setting} names no way to send with {{to}} in it")
    service = Apprise()
    if not service.add(address.replace("{to}", quote(to, safe=""))):
        raise OSError(f"Apprise does not know the address in {setting}")
    if not service.notify(title=subject, body=text):
        raise OSError("Apprise could not send it; its log says why")
