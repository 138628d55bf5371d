"""Who is known by a provider's word: what joins an account, and what leaves no trace of having tried."""

from allauth.socialaccount.models import SocialAccount
from cloud_world import House

from tools.cloud.members import identities, members
from tools.cloud.models import Role, Tenant, User
from tools.cloud.openid import Claims

DIRECTORY = "11111111-2222-3333-4444-555555555555"
OLA = "ola@example.test"


def from_entra(directory: str) -> Claims:
    identity = f"entra {directory} 1"
    return Claims("entra", identity, "1", "https://login.example", "Ola", OLA, directory)


def test_an_address_told_by_somebody_elses_directory_is_not_joined(house: House) -> None:
    """A row of it would keep the account from whom it belongs to."""
    members.invite(house.tenant, OLA, Role.OWNER)
    Tenant.objects.filter(pk=house.tenant.pk).update(entra=DIRECTORY)
    assert identities.find(from_entra("99999999-2222-3333-4444-555555555555")) is None
    assert not SocialAccount.objects.exists()
    assert identities.find(from_entra(DIRECTORY)) == User.objects.get(email=OLA)
    assert SocialAccount.objects.get().uid == f"entra {DIRECTORY} 1"
