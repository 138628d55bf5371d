"""The REST API, with its description at /api/docs and /api/openapi.json."""

from ninja import NinjaAPI

api = NinjaAPI(title="Portvakt", version="1", urls_namespace="api")
