"""What OpenSSH's configuration adds to the inventory, and the ways through jump hosts that come of both."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from temanashi.hosts import Inventory
from temanashi.hosts.ssh.client_config import ClientConfig, load_client_config
from temanashi.hosts.ssh.faults import ConfigUnreadable, JumpFailed
from temanashi.hosts.ssh.routes import route_to
from temanashi.text import explain


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    def written(text: str, **files: str) -> ClientConfig:
        for name, more in files.items():
            (tmp_path / name).write_text(more)
        (tmp_path / "config").write_text(text)
        return load_client_config(tmp_path / "config")

    return written


def routed(config, hosts, name):
    host = Inventory.model_validate({"hosts": hosts}).select(name)[0]
    return [(e.name, e.user, e.address, e.port) for e in route_to(host, config)]


ME = getpass.getuser()


def test_the_first_value_counts_and_key_files_add_up(config, tmp_path):
    found = config(
        """# a comment
        Host web1 db*
          User = deploy
          IdentityFile ~/.ssh/web
          Port 2201
        Host *
          User other
          IdentityFile "%d/my key"
          IdentityFile none
          HostName %h.example.com
          IdentitiesOnly yes
          CertificateFile ${NOWHERE}/c
          HostKeyAlias alias
        """
    )
    web = found.options("web1")
    assert (web.user, web.port, web.hostname, web.alias, web.identities_only) == ("deploy", 2201, "web1.example.com", "alias", True)
    assert web.identity_files == (f"{tmp_path}/.ssh/web", f"{tmp_path}/my key")
    assert web.certificate_files == ("${NOWHERE}/c",)
    assert (found.options("other").user, found.options("db7").port, found.warnings) == ("other", 2201, [])


def test_hosts_can_be_taken_away_and_names_have_no_case(config):
    found = config("Host *.example.com !bad.*\n User ops\n")
    assert [found.options(name).user for name in ("a.example.com", "A.EXAMPLE.COM", "bad.example.com", "a.org")] == [
        "ops",
        "ops",
        "",
        "",
    ]


def test_match_looks_at_what_is_known_so_far(config):
    found = config(
        f"""Host web1
          HostName 10.0.0.1
        Match host 10.0.0.* !originalhost web9
          User inside
        Match user inside localuser {ME}
          Port 2222
        Match localuser nobody-at-all
          Port 1
        Match final host 10.0.0.1
          HostKeyAlias last
        Match all
          IdentityFile /k
        """
    )
    web = found.options("web1")
    assert (web.user, web.port, web.alias, web.identity_files) == ("inside", 2222, "last", ("/k",))
    assert found.options("10.0.0.2").user == "inside"
    assert found.options("web2").port == 0


def test_a_match_that_would_run_a_program_is_passed_over_with_a_warning(config, tmp_path):
    found = config(f'Match exec "touch {tmp_path}/made"\n User evil\nMatch host\n User other\nHost *\n User ops\n')
    assert found.options("web1").user == "ops"
    assert not (tmp_path / "made").exists()
    assert [(w.at.line, w.problem.key) for w in found.warnings] == [(1, "hosts.config-match"), (3, "hosts.config-match")]


def test_lines_that_cannot_be_read_are_warnings(config):
    found = config('User\nPort = "22\nHost web1\n  User ops\n=====\nPort many\n')
    assert (found.options("web1").user, found.options("web1").port) == ("ops", 0)
    assert [w.at.line for w in found.warnings] == [1, 2, 5]


def test_included_files_stand_under_the_conditions_around_them(config, tmp_path):
    found = config(
        "Include site-*\nHost web*\n Include inner\n Port 2222\nHost *\n User last\n",
        **{
            "site-1": "Host db1\n User one\n",
            "site-2": "Host *\n  IdentityFile /two\n",
            "inner": "Host web1 db1\n User in\nHost *\n",
        },
    )
    assert (found.options("db1").user, found.options("web1").user, found.options("web2").user) == ("one", "in", "last")
    assert (found.options("web1").port, found.options("db1").port) == (2222, 0)
    assert found.options("any").identity_files == ("/two",)


def test_an_include_of_itself_ends(config):
    found = config("Include config\nHost *\n User ops\n")
    assert found.options("a").user == "ops"
    assert "hosts.config-depth" in {w.problem.key for w in found.warnings}


def test_a_configuration_that_is_named_must_be_there(tmp_path):
    assert load_client_config(tmp_path / "none").entries == []
    for file in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigUnreadable) as caught:
            load_client_config(file, required=True)
        assert str(file) in explain(caught.value, "ja").what


def test_the_inventory_wins_and_the_configuration_fills_in(config):
    found = config("Host web1\n HostName 10.0.0.1\n User ops\n Port 2222\nHost 10.9.*\n User by-address\n Port 2929\n")
    hosts = {"web1": {}, "web2": {"address": "10.9.0.2"}, "web3": {"address": "10.9.0.3", "user": "me", "port": 23}}
    assert routed(found, hosts, "web1") == [("web1", "ops", "10.0.0.1", 2222)]
    assert routed(found, hosts, "web2") == [("web2", "by-address", "10.9.0.2", 2929)]
    assert routed(found, hosts, "web3") == [("web3", "me", "10.9.0.3", 23)]
    assert routed(ClientConfig(), {"web1": {}}, "web1") == [("web1", ME, "web1", 22)]


def test_ways_through_jump_hosts(config):
    found = config(
        """Host gate
          User warden
          ProxyJump none
        Host far
          ProxyJump ops@gate:2200,[fe80::9]:24,ssh://middle
        Host middle
          ProxyJump never-asked
        Host chained
          ProxyJump far2
        Host far2
          ProxyJump gate
        Host loop
          ProxyJump loop2
        Host loop2
          ProxyJump loop
        Host bad
          ProxyJump a:b:c
        """
    )
    hosts = {"gate": {}, "inner": {"jump": ["gate"]}, "deep": {"jump": ["inner", "last"]}, "last": {}, "far": {}, "chained": {}}
    hosts |= {"loop": {}, "bad": {}, "behind": {"jump": ["far"]}}
    gate = ("gate", "warden", "gate", 22)
    assert routed(found, hosts, "inner") == [gate, ("inner", ME, "inner", 22)]
    assert [name for name, *_ in routed(found, hosts, "deep")] == ["gate", "inner", "last", "deep"]
    far = [("gate", "ops", "gate", 2200), ("fe80::9", ME, "fe80::9", 24), ("middle", ME, "middle", 22), ("far", ME, "far", 22)]
    assert routed(found, hosts, "far") == far
    assert routed(found, hosts, "behind") == [*far, ("behind", ME, "behind", 22)]
    assert [name for name, *_ in routed(found, hosts, "chained")] == ["gate", "far2", "chained"]
    for name in ("loop", "bad"):
        with pytest.raises(JumpFailed) as caught:
            routed(found, hosts, name)
        assert name in explain(caught.value, "en").what


def test_a_jump_that_leads_nowhere_is_told_when_the_host_is_reached():
    with pytest.raises(JumpFailed) as caught:
        routed(ClientConfig(), {"web1": {"jump": ["none"]}}, "web1")
    assert "none" in explain(caught.value, "ja").what


def test_settings_find_their_files_from_the_workspace(tmp_path, monkeypatch):
    from temanashi.hosts.ssh.reaching import Reach
    from temanashi.settings_sections import SshSettings

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    reach = Reach(SshSettings(), root=tmp_path)
    assert reach.known_hosts_files == (tmp_path / "runbooks/site/known_hosts", tmp_path / "home/.ssh/known_hosts")
    assert reach.client_config().entries == []
    with pytest.raises(ConfigUnreadable):
        Reach(SshSettings(config="ssh_config"), root=tmp_path).client_config()
    assert Path(SshSettings().config) == Path("~/.ssh/config")
