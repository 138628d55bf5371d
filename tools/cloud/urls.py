"""What is served where: the API, sign-in, and the pages for all the rest."""

from django.urls import include, path

from . import openid
from .accounts import enter
from .api import docs
from .api.subjects import api
from .members import provider_logout
from .partners.api import api as partner_api

urlpatterns = [
    path("api/docs", docs.page, name="api_docs"),
    path("api/", api.urls),
    path("partner/v1/", partner_api.urls),
    path("scim/v2/", include("tools.cloud.scim.urls")),
    path("enter/<str:token>", enter, name="enter"),
    path("accounts/oidc/<slug:provider_id>/login/", openid.login),
    path("accounts/oidc/<slug:provider_id>/login/callback/", openid.callback),
    path("accounts/oidc/<slug:provider_id>/logout/", provider_logout.heard),
    path("accounts/", include("allauth.urls")),
    path("", include("tools.cloud.pages.urls")),
]
