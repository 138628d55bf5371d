"""Promise 3 in a soak: what the boards recorded against what the cloud keeps."""

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.virtual.building import VirtualBuilding
    from sim.virtual.controller import VirtualController

from tools.simulate.run import in_sync

SETTLE_S = 3_600


class Books:
    """Promise 3: what the boards recorded against what the cloud keeps."""

    def __init__(self, building: "VirtualBuilding") -> None:
        self.building = building
        for controller in building.controllers:
            controller.on_note = partial(self.noted, controller)
        self._upto: dict[str, int] = {}  # of each controller: compared so far
        self.commands: set[Any] = set()  # that it sent
        self.most: dict[str, int] = {}  # by public id: up to which event the cloud ever said that it has all

    def restored(self) -> None:
        self._upto.clear()
        self.commands.clear()

    def noted(self, controller: "VirtualController", upto: int) -> None:
        """A board writes down up to which event the cloud has all."""
        if upto > self.most.get(controller.settings["controller"], 0):
            text = f"{controller.name} counts on the cloud's having event {upto}, and it never said so"
            self.building.promises.red("acknowledged", text)

    def look(self) -> None:
        """While things happen: whatever the cloud says it has, it has, as it was recorded."""
        from tools.cloud.models import Controller

        for controller in self.building.controllers:
            row = Controller.objects.get(public_id=controller.settings["controller"])
            acked = row.acked
            self._compare(controller, self._upto.get(controller.name, 0), acked)
            self._upto[controller.name] = acked
            self.building.promises.plain(controller)

    def _compare(self, controller: "VirtualController", after: int, upto: int) -> None:
        from tools.cloud.alarms import codes
        from tools.cloud.log.chain import OWN_EPOCH
        from tools.cloud.models import Event, Gap

        promises = self.building.promises
        promises.checks["stored"] += 1
        mine = {"controller__public_id": controller.settings["controller"]}
        kept: dict[int, tuple[Any, ...]] = {}
        rows = Event.objects.filter(**mine, epoch__lt=OWN_EPOCH, sequence__gt=after, sequence__lte=upto).order_by("pk")
        for sequence, utc, *rest in rows.values_list("sequence", "utc", "code", Event.POINT, "extra", "flags"):
            if sequence in kept:
                promises.red("stored", f"{controller.name}: event {sequence} is counted twice")
            kept[sequence] = (int(utc.timestamp()) if utc else 0, *rest)
        gaps = Gap.objects.filter(**mine, last__gt=after).values_list("first", "last")
        gone = {n for first, last in gaps for n in range(first, last + 1)}
        written: dict[int, tuple[Any, ...]] = {}
        for event in reversed(controller.recorded):
            if event[0] <= after:
                break
            if event[0] <= upto:
                if event[0] in written:
                    promises.red("stored", f"{controller.name}: number {event[0]} was given twice")
                written[event[0]] = event[1:6]
        over = self._over(written)
        for sequence, fields in written.items():
            if promises.flash_errors.told(controller, sequence, kept.get(sequence)):
                continue
            if sequence <= over and sequence in kept and kept[sequence][1] == codes.EXPIRED:
                continue
            if sequence in gone and sequence not in kept:
                sectors = controller.chip.flash["log"].size // 4096 - 3 - len(controller.parts["log"].worn)
                if promises.links.behind[controller.name] < sectors * 127:
                    promises.red(
                        "stored", f"{controller.name}: event {sequence} is reported as overwritten, and was not"
                    )
            elif kept.get(sequence) != fields:
                promises.red(
                    "stored", f"{controller.name}: event {sequence} was {fields}, the cloud keeps {kept.get(sequence)}"
                )
            if len(promises.broken) > 50:
                return
        for sequence in kept.keys() - written.keys() - controller.perhaps:
            promises.red("stored", f"{controller.name}: the cloud keeps event {sequence}, which nobody recorded")

    def _over(self, written: dict[int, tuple[Any, ...]]) -> int:
        """Up to which event the days are over for which the cloud keeps what they say."""
        from tools.cloud.rules.rules import RETENTION_DAYS

        then = self.building.utc() - RETENTION_DAYS * 86_400
        return max((sequence for sequence, fields in written.items() if 0 < fields[0] <= then), default=0)

    def settle(self) -> None:
        """Everything works again: within an hour everything that was recorded is in the cloud, and all are in line."""
        from tools.cloud.models import Controller

        def done() -> bool:
            upto = dict(Controller.objects.values_list("public_id", "acked"))
            return in_sync() and all(
                one.chip.on and upto[one.settings["controller"]] >= one.recorded[-1][0]
                for one in self.building.controllers
            )

        if not self.building.run_until(done, at_most_s=SETTLE_S, step_s=10):
            late = [
                f"{one.name}: {row.acked} of {one.recorded[-1][0]} events, access list {row.held_acl_version}"
                f" of {row.acl_version}"
                for one in self.building.controllers
                for row in [Controller.objects.get(public_id=one.settings["controller"])]
                if not row.in_sync or row.acked < one.recorded[-1][0]
            ]
            self.building.promises.red(
                "late", "an hour after the last fault not all is in the cloud: " + "; ".join(late)
            )
        self._upto.clear()
        for controller in self.building.controllers:
            acked = Controller.objects.get(public_id=controller.settings["controller"]).acked
            self._compare(controller, 0, acked)
            self.building.promises.audit(controller)
