"""A file of the host that knows roughly where addresses are (MaxMind DB): read here, and nothing is asked elsewhere.

GeoLite2, GeoIP2 and DB-IP City have the fields that are read. Of a record two names are taken, its country and its town
or region: never its coordinates.
"""

from ipaddress import ip_address
from typing import Any

import maxminddb

MOST = 80  # letters of a place
LANGUAGE = "en"  # which every such file has; Norwegian none of them


def place(path: str, address: str) -> str:
    """Such as "Bergen, Norway"; empty where nothing is known. Raises whatever a broken file makes its reader raise."""
    # MODE_FILE: a file that is cut short while it is read ends the reading, and not this process.
    with maxminddb.open_database(path, maxminddb.MODE_FILE) as reader:
        if ip_address(address).version == 6 and reader.metadata().ip_version == 4:
            return ""
        found = reader.get(address)
    return _said(found) if isinstance(found, dict) else ""


def fault(path: str) -> str:
    """What is wrong with a file, as a sentence; empty where nothing is."""
    try:
        place(path, "192.0.2.1")
    except OSError as error:
        why = error.strerror or "it does not open"
    except Exception:  # noqa: BLE001  of broken files its reader raises whatever there is
        why = "it is no MaxMind DB file, or damaged"
    else:
        return ""
    return (
        f"LOG_IN_PLACES names {path}, which cannot be read ({why}); name a file such as GeoLite2-City.mmdb. "
        "Log-ins go on, without a place"
    )


def _said(record: dict[str, Any]) -> str:
    regions = record.get("subdivisions")
    largest = regions[:1] if isinstance(regions, list) else []
    near = [name for one in (record.get("city"), *largest) if (name := _name(one))]
    parts = [*near[:1], _name(record.get("country"))]
    return ", ".join(filter(None, parts))[:MOST]


def _name(of: Any) -> str:
    names = of.get("names") if isinstance(of, dict) else None
    name = names.get(LANGUAGE) if isinstance(names, dict) else None
    return " ".join(name.split()) if isinstance(name, str) and name.isprintable() else ""
