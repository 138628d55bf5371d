"""What the building page says about events, in the languages of the cloud's pages."""

from django.utils.translation import get_language

from firmware.controller import events

_WORDS = {
    "nb": {
        events.DENIED_UNKNOWN: "ukjent kort",
        events.DENIED_DOOR: "ikke ved denne døra",
        events.DENIED_EXPIRED: "utløpt",
        events.DENIED_NO_CLOCK: "kontrolleren vet ikke hva klokka er",
        events.DENIED_DAMAGED: "tabellen er skadet",
        events.GRANTED: "sluppet inn",
        events.RELEASED_REMOTE: "åpnet fra skyen",
        events.RELEASED_REX: "ut med knappen",
        events.DOOR_FORCED: "brutt opp",
        events.DOOR_HELD: "står åpen for lenge",
        events.READER_MISREAD: "kortet ble lest feil",
        events.STARTED: "kontrolleren startet",
        events.SETTINGS_FAULT: "feil i innstillingene",
        events.LOG_OVERWRITTEN: "hendelser ble overskrevet",
        events.TABLE_DAMAGED: "tabellen er skadet",
        events.COMMAND_REFUSED: "en kommando ble avvist",
        events.MESSAGE_REFUSED: "en melding ble avvist",
        events.NETWORK_RESTARTED: "nettverksløkka ble startet på nytt",
        "network off": "nettverket er kuttet",
        "network on": "nettverket er tilbake",
        "power off": "strømmen er borte",
        "power on": "strømmen er tilbake",
        "no answer": "ingen svar",
    },
    "en": {
        events.DENIED_UNKNOWN: "unknown card",
        events.DENIED_DOOR: "not at this door",
        events.DENIED_EXPIRED: "expired",
        events.DENIED_NO_CLOCK: "the controller does not know the time",
        events.DENIED_DAMAGED: "the table is damaged",
        events.GRANTED: "granted",
        events.RELEASED_REMOTE: "released from the cloud",
        events.RELEASED_REX: "out by the button",
        events.DOOR_FORCED: "forced",
        events.DOOR_HELD: "held open",
        events.READER_MISREAD: "card misread",
        events.STARTED: "the controller started",
        events.SETTINGS_FAULT: "a fault in the settings",
        events.LOG_OVERWRITTEN: "events were overwritten",
        events.TABLE_DAMAGED: "the table is damaged",
        events.COMMAND_REFUSED: "a command was refused",
        events.MESSAGE_REFUSED: "a message was refused",
        events.NETWORK_RESTARTED: "the network loop was restarted",
        "network off": "the network is cut",
        "network on": "the network is back",
        "power off": "the power is gone",
        "power on": "the power is back",
        "no answer": "no answer",
    },
}

# Kinds of denial, as the summary names them.
KINDS = {
    events.DENIED_UNKNOWN: "unknown card",
    events.DENIED_DOOR: "wrong door",
    events.DENIED_EXPIRED: "expired",
    events.DENIED_NO_CLOCK: "no clock",
    events.DENIED_DAMAGED: "damaged",
}


def word(what: int | str | None) -> str:
    """The words for an event code or a text above, in the language of the request; empty when untold."""
    if what is None:
        return ""
    return _WORDS["nb" if (get_language() or "").startswith("nb") else "en"].get(what, "")
