"""The REST API, with its description at /api/docs and /api/openapi.json."""

from ..alarms import api as alarms
from ..breaches import api as breaches
from ..commissioning import api as commissioning
from ..controllers import api as controllers
from ..doors import api as doors
from ..guests import api as guests
from ..help import api as help_requests
from ..lists import api as lists
from ..lockers import api as lockers
from ..log import api as log
from ..members import api as members
from ..people import api as people
from ..privacy import api as privacy
from ..privacy import statement_api as statement
from ..questions import api as questions
from ..readings import api as readings
from ..residents import api as residents
from ..rules import api as rules
from ..scim import api as directory
from .asked import known_only
from .auth import Bearer, SignedIn
from .bounds import Bounded
from .described import DescribedOnce
from .errors import explain

api = DescribedOnce(
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
SUBJECTS = (
    *(doors, people, readings, rules, log, alarms, controllers, commissioning, members, lockers, lists),
    *(residents, guests, questions, directory, help_requests, privacy, statement, breaches),
)
for subject in SUBJECTS:
    api.add_router("", subject.router)
