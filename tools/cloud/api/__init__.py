"""The REST API, with its description at /api/docs and /api/openapi.json."""

from ninja import NinjaAPI

from .auth import Bearer, SignedIn
from .errors import explain
from .routes import alarms, controllers, doors, log, people, rules

api = NinjaAPI(
    title="Portvakt",
    version="1",
    description="Doors, people and the log. Sign in, or send a bearer token (`portvakt cloud token`).",
    urls_namespace="api",
    auth=[Bearer(), SignedIn()],
)
explain(api)
for router in (doors.router, people.router, rules.router, log.router, alarms.router, controllers.router):
    api.add_router("", router)
