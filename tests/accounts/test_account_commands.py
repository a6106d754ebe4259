"""`tema account`: what it shows at a terminal."""

import json

from fixtures_terminal import Terminal
from temanashi.accounts.directories.linux import program, sudoers


def terminal(tmp_path, linuxhost):
    made = Terminal(tmp_path)
    settings = (made.root / "pyproject.toml").read_text()
    files = f'known_hosts = ["{linuxhost.known_hosts}"]\nidentity_files = ["{linuxhost.key}"]\n'
    ssh = f'\n[tool.temanashi.ssh]\nconfig = ""\nagent = false\n{files}'
    (made.root / "pyproject.toml").write_text(settings + ssh)
    host = {"address": linuxhost.address, "port": linuxhost.port, "user": "root"}
    dead = {"address": "127.0.9.251", "port": 1, "user": "root"}
    made.write("runbooks/site/hosts.yaml", json.dumps({"hosts": {"linux1": host, "dead1": dead}}))
    return made


def test_accounts_are_listed_with_how_they_stand_and_hosts_that_are_away_are_told(tmp_path, linuxhost):
    linuxhost.inside("useradd", "-c", "一覧 花子", "-G", "sudo", "listme")
    linuxhost.inside("useradd", "-e", "1", "listold")
    made = terminal(tmp_path, linuxhost)
    found = made.run("account", "list", "linux1", "--login", "listme", "--login", "listold")
    assert found.returncode == 0, found.stderr
    lines = [line.split("  ") for line in found.stdout.splitlines()]
    assert lines[1:] == [
        ["linux1", "listme", "一覧 花子", "有効", "sudo", "特権（sudo）"],
        ["linux1", "listold", "-", "閉鎖", "-"],
    ]
    away = made.run("account", "list", "linux1,dead1", "--login", "listme", "--json")
    told = json.loads(away.stdout)
    assert away.returncode == 3
    assert [one["login"] for one in told["hosts"]["linux1"]["accounts"]] == ["listme"]
    assert list(told["errors"]) == ["dead1"]
    assert "$" not in away.stdout


def test_a_login_that_is_none_is_refused(tmp_path, linuxhost):
    made = terminal(tmp_path, linuxhost)
    found = made.run("account", "list", "linux1", "--login", "a;id")
    assert found.returncode == 2
    assert "a;id" in found.stderr


def test_what_a_host_needs_is_printed_as_it_is_installed(tmp_path):
    made = Terminal(tmp_path)
    assert made.run("account", "program").stdout == program()
    assert made.run("account", "sudoers", "tema").stdout == sudoers("tema")
    assert made.run("account", "sudoers", "ALL ALL").returncode == 2
