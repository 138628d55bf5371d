"""Whatever changes who may pass is carried to the controllers' tables, in the transaction of the change."""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from .models import (
    AccessGroup,
    Area,
    Controller,
    Credential,
    Door,
    DoorRules,
    Grant,
    GroupDoor,
    Holiday,
    Person,
    Schedule,
)
from .services import acl, clock, rules, whereabouts


@receiver(post_save, sender=Person)
def person_saved(instance: Person, created: bool, raw: bool = False, **_: Any) -> None:
    if not created and not raw:
        acl.refresh(instance.tenant_id, clock.now(), people=[instance.pk])


@receiver(post_save, sender=Credential)
def credential_saved(instance: Credential, raw: bool = False, **_: Any) -> None:
    if not raw:
        acl.refresh(instance.tenant_id, clock.now(), people=[instance.person_id])


@receiver(post_save, sender=Grant)
def grant_saved(instance: Grant, raw: bool = False, **_: Any) -> None:
    if not raw:
        acl.refresh(instance.person.tenant_id, clock.now(), people=[instance.person_id])


@receiver(post_delete, sender=Grant)
def grant_deleted(instance: Grant, **_: Any) -> None:
    tenant = AccessGroup.objects.filter(pk=instance.group_id).values_list("tenant", flat=True).first()
    if tenant is None:  # the group goes too, and has told the person's tenant: they are the same
        tenant = Person.objects.filter(pk=instance.person_id).values_list("tenant", flat=True).first()
    if tenant is not None:
        acl.refresh(tenant, clock.now(), people=[instance.person_id])


@receiver(m2m_changed, sender=AccessGroup.doors.through)
def doors_changed(action: str, instance: AccessGroup | Door, **_: Any) -> None:
    if not action.startswith("post_"):
        return
    if isinstance(instance, AccessGroup):
        tenant = instance.tenant_id
        people = list(instance.grants.order_by("person").values_list("person", flat=True))
        acl.refresh(tenant, clock.now(), people=people)
    else:
        acl.refresh(instance.controller.site.tenant_id, clock.now(), controllers=[instance.controller_id])


@receiver(post_save, sender=Door)
def door_saved(instance: Door, raw: bool = False, **_: Any) -> None:
    if not raw:
        rules.refresh(instance.controller_id)


@receiver(post_save, sender=GroupDoor)
@receiver(post_delete, sender=GroupDoor)
def place_changed(instance: GroupDoor, raw: bool = False, **_: Any) -> None:
    tenant = AccessGroup.objects.filter(pk=instance.accessgroup_id).values_list("tenant", flat=True).first()
    controller = Door.objects.filter(pk=instance.door_id).values_list("controller", flat=True).first()
    if not raw and tenant is not None and controller is not None:
        acl.refresh(tenant, clock.now(), controllers=[controller])


@receiver(post_save, sender=AccessGroup)
def group_saved(instance: AccessGroup, created: bool, raw: bool = False, **_: Any) -> None:
    """What a group allows beyond passing stands in its people's profiles."""
    if not raw and not created:
        people = list(instance.grants.order_by("person").values_list("person", flat=True))
        acl.refresh(instance.tenant_id, clock.now(), people=people)


@receiver(post_save, sender=Schedule)
@receiver(post_save, sender=Holiday)
@receiver(post_delete, sender=Holiday)
def times_changed(instance: Schedule | Holiday, raw: bool = False, **_: Any) -> None:
    if not raw:
        rules.refresh_tenant(instance.tenant_id)


@receiver(post_save, sender=Area)
def area_saved(instance: Area, raw: bool = False, **_: Any) -> None:
    if not raw:
        for controller in Controller.objects.filter(site=instance.site_id, lost_at=None):
            rules.refresh(controller.pk)


@receiver(post_save, sender=DoorRules)
def door_rules_saved(instance: DoorRules, raw: bool = False, **_: Any) -> None:
    """What a door asks for also decides which PINs a controller knows."""
    if not raw:
        controller = instance.door.controller
        acl.refresh(controller.site.tenant_id, clock.now(), controllers=[controller.pk])
        # An area that its doors lead to may now be shared with other controllers, or no longer.
        sharing = {number for number, _ in whereabouts.passages(controller.site_id)}
        for concerned in sorted({controller.pk} | sharing):
            rules.refresh(concerned)
