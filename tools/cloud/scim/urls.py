"""Which part of SCIM lies where, below /scim/v2/."""

from django.urls import path

from . import views

urlpatterns = [
    path("Users", views.user_list, name="scim_users"),
    path("Users/.search", views.user_search, name="scim_user_search"),
    path("Users/<str:number>", views.user, name="scim_user"),
    path("Groups", views.group_list, name="scim_groups"),
    path("Groups/.search", views.group_search, name="scim_group_search"),
    path("Groups/<str:number>", views.group, name="scim_group"),
    path(".search", views.search, name="scim_search"),
    path("ServiceProviderConfig", views.config, name="scim_config"),
    path("ResourceTypes", views.resource_types, name="scim_types"),
    path("ResourceTypes/<str:name>", views.resource_types, name="scim_type"),
    path("Schemas", views.schemas, name="scim_schemas"),
    path("Schemas/<str:name>", views.schemas, name="scim_schema"),
    path("<path:rest>", views.nothing, name="scim_nothing"),
]
