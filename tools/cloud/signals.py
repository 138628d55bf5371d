"""Whatever changes who may pass is carried to the controllers' tables, in the transaction of the change."""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from .models import AccessGroup, Credential, Door, Grant, Person
from .services import acl, clock, rules


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
