"""The REST API, with its description at /api/docs and /api/openapi.json."""

from ninja import NinjaAPI

from .asked import known_only
from .auth import Bearer, SignedIn
from .bounds import Bounded
from .errors import explain
from .routes import alarms, commissioning, controllers, doors, log, members, people, readings, rules

api = NinjaAPI(
    title="Portvakt",
    version="1",
    description="Doors, people and the log. Sign in, or send a bearer token (`portvakt cloud token`).",
    urls_namespace="api",
    docs_url=None,  # docs.py
    auth=[Bearer(), SignedIn()],
    parser=Bounded(),
)
explain(api)
api.add_decorator(known_only)
for subject in (doors, people, readings, rules, log, alarms, controllers, commissioning, members):
    api.add_router("", subject.router)
