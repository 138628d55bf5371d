"""scim2-tester asks /scim/v2 everything that it knows of RFC 7643 and 7644, in this process."""

from collections import Counter

from cloud_world import House
from django.core.handlers.wsgi import WSGIHandler
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tools.cloud.scim import tokens


def test_all_checks_of_scim2_tester(house: House) -> None:
    token = tokens.make(house.tenant, "Entra")
    client = WSGISCIMClient(
        WSGIHandler(), base_url="http://localhost/scim/v2", headers=[("Authorization", f"Bearer {token}")]
    )
    results = check_server(client)
    wrong = [f"{one.title} {one.resource_type}: {one.reason}" for one in results if one.status != Status.SUCCESS]
    print(Counter(str(one.status) for one in results))
    assert wrong == [], "\n".join(wrong)
    assert len(results) > 60
