"""`portvakt cloud breach`: the host opens one in each organisation; a slip of the finger opens none."""

from pathlib import Path

from test_cloud_command import Cloud

SINCE = ("--since", "2026-05-03T17:00:00+02:00")


def test_the_host_opens_a_breach_in_each_organisation_or_in_none(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.prepare()
    assert "nobody is concerned" in cloud.fail("breach", "innbrudd", *SINCE)
    cloud.call("link", "eier@example.test", "--tenant", "Solsiden", "--role", "owner")
    cloud.call("link", "nabo@example.test", "--tenant", "Naboen", "--role", "owner")
    assert "its offset from UTC" in cloud.fail("breach", "innbrudd", "--since", "i går")
    assert "its offset from UTC" in cloud.fail("breach", "innbrudd", "--since", "2026-05-03T17:00:00")
    assert "choose times that are past" in cloud.fail("breach", "innbrudd", "--since", "2090-05-03T17:00:00+02:00")
    assert "there is no tenant Nord" in cloud.fail("breach", "innbrudd", *SINCE, "--tenant", "Nord")
    opened = cloud.call("breach", "Noen kom inn på serveren.", *SINCE)["breaches"]
    assert [(one["tenant"], one["accounts"]) for one in opened] == [("Solsiden", 1), ("Naboen", 1)]
    assert [one["breach"] for one in opened] == [1, 2], "what was refused has opened none"
    assert len(cloud.call("breach", "Mer.", *SINCE, "--tenant", "Naboen")["breaches"]) == 1
