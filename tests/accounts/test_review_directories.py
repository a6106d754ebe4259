"""A review over an OpenLDAP server and a SCIM service that is not ours: revoked is refused there, and what is away is not done."""

import json
import shutil

import pytest

from fixtures_account_site import AccountSite
from fixtures_accounts_slapd import OUR_PASSWORD, PERSON_PASSWORD, SUFFIX
from fixtures_scim import TOKEN
from temanashi.accounts.reviews.deciding import Asked
from temanashi.people import Actor
from temanashi.workspace.account_snapshots import snapshot_accounts
from temanashi.workspace.reviewing.carrying_out import carry_out
from temanashi.workspace.reviewing.deciding import Wanted, decide_many
from temanashi.workspace.reviewing.opening import open_review
from temanashi.workspace.reviewing.pack_check import check_review_pack
from temanashi.workspace.reviewing.packing import pack_review
from temanashi.workspace.reviewing.reading import every_line

HANA = Actor(name="管理 花子")
SECRETS = {"env:LDAP_PASSWORD": OUR_PASSWORD, "env:SCIM_TOKEN": TOKEN}


@pytest.fixture
def site(tmp_path, accounts_slapd, scim_server):
    made = AccountSite(tmp_path / "site")
    shutil.copy(accounts_slapd.folder / "ca.pem", made.root / "ca.pem")
    corp = accounts_slapd.settings().model_dump(mode="json", exclude_defaults=True)
    wiki = {"url": scim_server.base, "token": "env:SCIM_TOKEN"}
    titled = {"corp": {"kind": "ldap", "title": {"ja": "社内", "en": "Corp"}, **corp}}
    titled["wiki"] = {"kind": "scim", "title": {"ja": "文書", "en": "Wiki"}, **wiki}
    made.write("runbooks/site/directories.yaml", json.dumps({"directories": titled}))
    made.group = accounts_slapd.group
    made.register(policy={}, privileged=["corp/Review admins"])
    return made


def test_revocations_reach_every_directory_and_are_read_again(site, accounts_slapd, scim_server, tmp_path):
    leaver, mover = accounts_slapd.person(employeeNumber="R77"), accounts_slapd.person(employeeNumber="R78")
    inner = accounts_slapd.group(leaver, mover)
    accounts_slapd.group(cn="Review admins", member=f"cn={inner},ou=groups,{SUFFIX}")
    user = scim_server.user("review.person", active=True)
    group = scim_server.group("Editors", user)
    other = scim_server.user("review.other", active=True)
    with site.opened() as installation:
        review = open_review(installation, actor=HANA, channel="cli", secret=SECRETS.__getitem__)
        assert [one["where"] for one in review.targets] == ["corp", "wiki", "temanashi"]
        assert "LDAP_PASSWORD" not in json.dumps(review.targets)
        with installation.database.transaction() as connection:
            lines = {(one.line.where, one.line.entry.login): one for one in every_line(connection, review.id)}
            found = {one.kind: one.why.text("en") for one in lines["corp", leaver].line.findings}
            assert found["privileged"] == f"Has privileges: Review admins < {inner}"
            special = {
                ("corp", leaver): Asked(verdict="revoke"),
                ("corp", mover): Asked(verdict="change", groups=(inner,), reason="異動"),
                ("wiki", "review.person"): Asked(verdict="change", groups=("Editors",), reason="異動"),
                ("wiki", "review.other"): Asked(verdict="revoke"),
            }
            keep = Asked(verdict="keep", reason="確認済み")
            wanted = [Wanted(one.line.id, special.get(key, keep)) for key, one in lines.items()]
            decide_many(installation, connection, review.id, wanted, actor=HANA, channel="cli")

        wrong = {**SECRETS, "env:SCIM_TOKEN": "not-the-token"}
        first = carry_out(installation, review.id, actor=HANA, channel="cli", secret=wrong.__getitem__)
        assert not first.closed
        assert {one.line.where for one in first.left} == {"wiki"}
        assert all(one.result.why.text("ja") for one in first.left)
        assert accounts_slapd.signs_in(accounts_slapd.dn(leaver), PERSON_PASSWORD) == "locked"
        assert accounts_slapd.signs_in(accounts_slapd.dn(mover), PERSON_PASSWORD) == "success"

        second = carry_out(installation, review.id, actor=HANA, channel="cli", secret=SECRETS.__getitem__)
        assert second.closed, [one.result for one in second.left]
        assert scim_server.raw("GET", f"/Users/{other}")["active"] is False
        assert scim_server.members(group) == set()
        assert all("not-the-token" not in str(one) for one in (first, second))

        taken = snapshot_accounts(installation, actor=HANA, channel="cli", secret=SECRETS.__getitem__)
        assert taken.population.not_read == ()
        scim_server.raw("PATCH", f"/Users/{other}", _active(on=True))
        assert [
            one.login for one in snapshot_accounts(installation, actor=HANA, channel="cli", secret=SECRETS.__getitem__).drift
        ] == ["review.other"]
        made = pack_review(installation, review.id, tmp_path / "pack.zip", actor=HANA, channel="cli")
        assert check_review_pack(made.file, trusted=None).pack.exit_code == 2
        held = made.file.read_bytes()
    assert OUR_PASSWORD.encode() not in held
    assert TOKEN.encode() not in held


def _active(*, on):
    operation = {"op": "replace", "path": "active", "value": on}
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
