"""The promises of the design and the checks that judge them: what each says, and by which name it goes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    number: int
    name: str
    sentence: str


# Number 0 is no promise of the design: what any access controller must do, and these checks see on the way.
PROMISES = (
    Promise(0, "works", "Who has a right is let in; every tap and every move of a leaf is told once, at its time."),
    Promise(1, "right", "A strike moves only for a grant, a good command, the exit button or fire, and no longer."),
    Promise(2, "record", "The event is on flash before the strike moves; with exit button and fire, just after."),
    Promise(3, "log", "Nothing acknowledged is lost, nothing is counted twice, gaps are told."),
    Promise(4, "network", "The door never waits for the network."),
    Promise(5, "power", "After a start every recorded event is there, the access list old or new."),
    Promise(6, "safe", "Outputs are safe at every start; a network loop that hangs is restarted."),
    Promise(7, "link", "A link that comes back releases no door; late commands expire, replays do nothing."),
    Promise(8, "revoked", "A revoked credential stops working within a second on a confirmed link."),
    Promise(9, "identifiers", "No name and no plain card number in flash, topics or messages."),
    Promise(10, "retention", "Within 24 hours of its end an event's content is gone from the flash, and not before."),
    Promise(11, "chain", "The log cannot be altered unseen: events are chained under keys that are then gone."),
    Promise(12, "update", "An update either is the new version, proven healthy, or the old one."),
    # Of a bank of compartments, where there is one.
    Promise(13, "locks", "One pulse for one opening, and never more coils with current than the supply bears."),
    Promise(14, "parcel", "No parcel to the wrong person: a code opens the compartment of its own delivery."),
    Promise(15, "given", "No compartment is given twice: to two deliveries, to two people, or to both."),
    Promise(16, "found", "Nothing is lost: a parcel can be taken out by its code."),
    Promise(17, "once", "A code works once, and who guesses has few tries."),
)
NAMES = {promise.number: promise.name for promise in PROMISES}
NOT_JUDGED: dict[int, str] = {}

# name: (promise, what breaks it). A check that has judged nothing says nothing.
CHECKS: dict[str, tuple[int, str]] = {
    "verdict": (0, "a tap got another verdict than it should, or one that nobody asked for"),
    "crash": (0, "the firmware ended in an error, or the watchdog had to start the board"),
    "leaf": (0, "a leaf that moved was not told, or told twice, or told as something else"),
    "held open": (0, "a leaf stood open for too long, and nobody was told"),
    "held once": (0, "a leaf that stands open was told as held open a second time, and had not moved"),
    "exit button": (0, "somebody pressed the exit button, and the strike did not move"),
    "time": (0, "an event has a time that the board trusts, and it is wrong"),
    "let in": (1, "a tap was granted that should not have been"),
    "right": (1, "a strike moved, and nobody with a right stood there"),
    "relock": (1, "a strike did not lock again"),
    "record": (2, "a strike moved, and no release is on record"),
    "button record": (2, "the exit button released a strike, and that is not on record"),
    "fire record": (2, "the fire input released a strike, and that is not on record"),
    "stored": (3, "what the cloud keeps is not what was recorded"),
    "acknowledged": (3, "something counts as stored that the cloud has not committed"),
    "late": (3, "on a calm link an event did not come to the cloud within a minute"),
    "answer": (4, "a grant came late after the card"),
    "events": (5, "a recorded event is gone after a start"),
    "access list": (5, "the access list is not one that the cloud made"),
    "rot": (5, "bits of the access list turned over, and its scrub did not find them"),
    "worn": (5, "a worn sector did not take what was written, and that is not on record"),
    "journal": (5, "the numbers of the state journal do not go on from where they stood"),
    "safe": (6, "a strike is not safe at a start"),
    "hanging": (6, "the network loop hung for more than ten minutes, and the board did not start again"),
    "command": (7, "a door was released from afar, and no command was good"),
    "replay": (7, "an end took a sealed message again, after a later one, or one of its own"),
    "revoked": (8, "a right that was taken away still worked a second later"),
    "served": (8, "somebody was not served because of another one's row, board or write"),
    "plain": (9, "a name or a card stands in plain text"),
    "retention": (10, "an event is on flash a day after its time was over"),
    "chain": (11, "an event is not bound to the one before"),
    "update": (12, "a build runs that nobody signed or that is not whole, or is kept though it is not well"),
    "old keys": (11, "a key under which older events were chained is still on the flash"),
    "compartment right": (1, "a compartment was released, and nobody with a right asked for it"),
    "compartment record": (2, "the lock of a compartment got current, and no release is on record"),
    "compartment told": (0, "a contact of a compartment that moved was not told, or as something else"),
    "compartment true": (0, "something was told of a compartment that its contact does not say"),
    "ending": (0, "the lock of a compartment got current, and what came of it was not told"),
    "left open": (0, "a compartment stood open for too long, and that was not told, or too often"),
    "one pulse": (13, "a lock got current a second time for one opening"),
    "coils": (13, "more locks had current at once than the supply bears"),
    "code": (1, "a compartment was released for a delivery whose code nobody typed"),
    "room": (0, "who brings a parcel got no compartment, and one is free"),
    "proof": (0, "a deposit or a pick-up is on record and was none, or was one and is not on record"),
    "right parcel": (14, "a compartment was opened by a code, and somebody else's parcel lay in it"),
    "own codes": (14, "two senders have the same codes"),
    "out of use": (15, "a compartment that is out of use was opened for a parcel"),
    "given once": (15, "a compartment was opened for a parcel, and is that of another one"),
    "own card": (1, "a compartment was released to a card that nobody held to the bank's reader"),
    "own things": (15, "a compartment was opened to a card, and somebody else's things lie in it"),
    "own found": (16, "a card was held to the bank's reader, and its holder's compartment did not open"),
    "found": (16, "the right code was typed, and its compartment did not open"),
    "code once": (17, "a code opened a compartment after its delivery was over"),
    "tries": (17, "ten digits opened a compartment after too many wrong ones in a day"),
    "key stream": (9, "two messages are sealed with the same key stream"),
}
