"""Each table that has rows of tenants has its policy, made of its model."""

import pytest
from django.apps import apps
from django.db import models

from tools.cloud.models import Tenant
from tools.cloud.row_security import policies
from tools.terminal import Problem


def test_each_model_has_a_policy_or_a_reason_for_none() -> None:
    every = {one.__name__: one for one in apps.get_app_config("cloud").get_models(include_auto_created=True)}
    tables = {one.table for one in policies.wanted()}
    assert tables == {one._meta.db_table for name, one in every.items() if name not in policies.NOBODYS}
    assert policies.NOBODYS.keys() | policies.HANG_ON.keys() <= every.keys(), "which of these is no more?"
    assert policies.HANG_ON.keys().isdisjoint(policies.NOBODYS)
    assert len(tables) > 45


def test_none_without_a_policy_hangs_on_a_tenant() -> None:
    """What nobody has a policy for refers to nobody's rows either."""
    for name in policies.NOBODYS:
        for field in apps.get_model("cloud", name)._meta.concrete_fields:
            to = field.related_model
            assert to is None or to.__name__ in policies.NOBODYS, (name, field.name)


def test_a_model_that_does_not_say_whose_it_is_is_refused() -> None:
    class Stray(models.Model):
        class Meta:
            app_label = "cloud"
            managed = False

    try:
        with pytest.raises(Problem, match="whose are the rows of Stray"):
            policies.wanted()
    finally:
        del apps.all_models["cloud"]["stray"]
        apps.clear_cache()


def test_each_way_ends_at_a_tenant_over_fields_that_are_never_empty() -> None:
    for model in apps.get_app_config("cloud").get_models(include_auto_created=True):
        if model.__name__ in policies.NOBODYS:
            continue
        ways = list(policies._above(model))
        assert ways[-1] is Tenant
        for one in ways[:-1]:
            field = one._meta.get_field(policies.hangs_on(one))
            assert not field.null or one.__name__ == "SignInLink", (
                f"a {one.__name__} without {field.name} is everyone's"
            )


def test_a_row_that_refers_to_another_is_written_only_where_that_shows() -> None:
    of = {one.table: one for one in policies.wanted()}
    assert '"cloud_accessgroup" p' in of["cloud_grant"].check and '"cloud_accessgroup" p' not in of["cloud_grant"].using
    assert '"cloud_door" p' in of["cloud_membership_doors"].check
    assert '"cloud_delivery" p' not in of["cloud_delivery"].check  # a policy that asks itself would never end


def test_names_of_roles_are_no_longer_than_they_may_be() -> None:
    assert policies.role("portvakt") == "portvakt_web"
    assert len(policies.role("p" * 63)) == 63
