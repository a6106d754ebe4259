"""`runbooks/site/accounts.yaml`: what is registered, its rules, and every mistake with its line."""

import json

import pytest
from jsonschema import Draft202012Validator

from temanashi.accounts.reviews.register import NO_REGISTER
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.text import LANGUAGES
from temanashi.workspace.creating import init_workspace
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.live import live_register
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import publish
from temanashi.workspace.schema import write_schemas
from temanashi.workspace.yaml_source import read_yaml

PEOPLE = """\
people:
  hana: {name: 管理 花子}
groups:
  ops: [hana]
roles: {approver: hana}
"""
GOOD = """\
policy:
  hosts: localhost
  dormant_days: 60
privileged: ["corp/Domain Admins", "*/deploy"]
accounts:
  - login: svc-backup
    kind: service
    where: [web1, corp]
    owner: group:ops
    purpose: 夜間バックアップ
    expires: 2027-03-31
  - login: svc-backup
    kind: service
    where: wiki
    owner: hana
    purpose: 文書の写し
separation:
  - id: pay
    title: {ja: 支払, en: Payments}
    sides: [["corp/payments-enter"], ["corp/payments-approve", "web1/payment"]]
"""
BROKEN = [
    (("policy:\n", "policy:\n  dormant_day: 3\n"), 2, "dormant_day"),
    (("hosts: localhost", "hosts: nowhere"), 2, "nowhere"),
    (("dormant_days: 60", "dormant_days: 0"), 3, "0"),
    (("Domain Admins", "/"), 4, "corp//"),
    (("kind: service", "kind: robot"), 7, "robot"),
    (("owner: group:ops", "owner: group:op"), 9, "group:op"),
    (("where: wiki", "where: corp"), 12, "svc-backup"),
    (("where: wiki", 'where: "*"'), 12, "svc-backup"),
    (("title: {ja: 支払, en: Payments}", "title: {ja: 支払}"), 19, "en"),
    (("web1/payment", "corp/payments-enter"), 18, "payments-enter"),
    (('["corp/payments-enter"]', "[]"), 18, "accounts.yaml"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("register") / "site"
    init_workspace(root)
    (root / "runbooks/site/people.yaml").write_text(PEOPLE, encoding="utf-8")
    return root


def loaded(site, text, lang="en"):
    (site / "runbooks/site/accounts.yaml").write_text(text, encoding="utf-8")
    found = load_workspace(site, kinds=step_kinds())
    faults = [fault for fault in found.faults if fault.at.file.endswith("accounts.yaml")]
    return fault_lines(faults, lang), found.register


def test_an_account_is_registered_at_the_places_that_it_names(site):
    faults, register = loaded(site, GOOD)
    assert faults == []
    assert register.policy.dormant_days == 60
    assert register.registered("svc-backup", "corp").owner == "group:ops"
    assert register.registered("svc-backup", "wiki").owner == "hana"
    assert register.registered("svc-backup", "elsewhere") is None
    assert register.registered("svc", "corp") is None


@pytest.mark.parametrize(("change", "line", "word"), BROKEN, ids=[change[1].strip() for change, _, _ in BROKEN])
def test_a_mistake_in_the_register_is_told_with_its_line_and_registers_nothing(site, change, line, word):
    for lang in LANGUAGES:
        faults, register = loaded(site, GOOD.replace(*change, 1), lang)
        assert register == NO_REGISTER
        [fault] = faults
        assert f"accounts.yaml:{line}" in fault
        assert word in fault


def test_a_rule_that_is_there_twice_is_told(site):
    rule = GOOD[GOOD.index("  - id: pay") :]
    faults, _ = loaded(site, GOOD + rule)
    assert "There are two rules pay" in faults[0]


def test_a_workspace_without_the_file_registers_nothing(site):
    (site / "runbooks/site/accounts.yaml").unlink(missing_ok=True)
    assert load_workspace(site, kinds=step_kinds()).register == NO_REGISTER


def test_the_schema_of_the_register_takes_what_the_loader_takes(site, tmp_path):
    write_schemas(tmp_path / "schemas")
    schema = Draft202012Validator(json.loads((tmp_path / "schemas/accounts.schema.json").read_text()))
    data = json.loads(json.dumps(read_yaml(GOOD).data, default=str))
    assert list(schema.iter_errors(data)) == []
    assert list(schema.iter_errors({**data, "polcy": {}})) != []


def test_the_register_that_counts_is_the_published_one(site, tmp_path):
    root = tmp_path / "site"
    init_workspace(root)
    (root / "runbooks/site/people.yaml").write_text(PEOPLE, encoding="utf-8")
    with open_installation(root) as installation:
        with installation.database.reading() as connection:
            assert live_register(connection) == NO_REGISTER
        (root / "runbooks/site/accounts.yaml").write_text(GOOD, encoding="utf-8")
        content = load_workspace(root, kinds=step_kinds())
        publish(installation.database, installation.ledger, content, actor=Actor(name="alice"), clock=installation.clock)
        with installation.database.reading() as connection:
            assert live_register(connection).policy.hosts == "localhost"
