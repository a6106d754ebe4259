"""`tema hosts test` and `tema hosts trust` against a real sshd, one host behind another included."""

from __future__ import annotations

import getpass
import json
import shutil
import sys

import pytest

from fixtures_sshd import make_key, silent_server, sshd, sshd_factory  # noqa: F401  (fixtures)
from temanashi.hosts.ssh.known_hosts import load_known_hosts

pytestmark = pytest.mark.server
FILE = "runbooks/site/known_hosts"


@pytest.fixture
def site(tema, sshd):  # noqa: F811
    """A workspace that knows nobody's key yet, and three hosts: `far` is behind `near`."""

    def settle(**more):
        ssh = {"known_hosts": [FILE], "config": "", "identity_files": [str(sshd.key)], "agent": False, "connect_timeout": 3}
        lines = [f"{key} = {json.dumps(value)}" for key, value in (ssh | more).items()]
        text = '[tool.temanashi]\nlanguages = ["ja", "en"]\n[tool.temanashi.ssh]\n' + "\n".join(lines) + "\n"
        (tema.root / "pyproject.toml").write_text(text)

    def hosts(**more):
        every = {"near": {"address": sshd.addresses[0]}, "far": {"address": sshd.addresses[1], "jump": ["near"]}} | more
        tema.write(
            "runbooks/site/hosts.yaml", json.dumps({"defaults": {"user": getpass.getuser(), "port": sshd.port}, "hosts": every})
        )

    settle()
    hosts()
    tema.hosts_are, tema.settings_are, tema.server = hosts, settle, sshd
    tema.known = lambda: (tema.root / FILE).read_text() if (tema.root / FILE).exists() else ""
    return tema


def fingerprint(server):
    return next(iter(load_known_hosts([server.known_hosts]).keys_for([f"[{server.addresses[0]}]:{server.port}"]))).key.fingerprint


def states(found):
    return {one["host"]: one["state"] for one in found}


@pytest.fixture
def typing(monkeypatch):
    """Somebody at the terminal who types these lines."""

    def types(*lines):
        said = iter(lines)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", lambda *_, **__: next(said))

    return types


def test_keys_are_recorded_with_a_proof_jump_hosts_first_and_only_once(site):
    done = site.json("hosts", "trust", "far", "--yes", "--fingerprint", fingerprint(site.server), "--reason", "new rack")
    assert states(done) == {"near": "recorded", "far": "recorded"}
    lines = site.known().splitlines()
    assert [line.split()[0] for line in lines] == [f"[{site.server.addresses[n]}]:{site.server.port}" for n in (0, 1)]
    assert all(line.split()[3] == "alice" for line in lines)
    assert states(site.json("hosts", "test", "near,far")) == {"near": "good", "far": "good"}
    again = site.json("hosts", "trust", "far", "--yes", "--fingerprint", fingerprint(site.server))
    assert states(again) == {"near": "known", "far": "known"}
    assert site.known().splitlines() == lines
    records = site.json("audit", "show", "--kind", "hosts_trusted")
    assert len(records) == 2
    assert "new rack" in str(records)
    assert fingerprint(site.server) in str(records)


def test_a_wrong_fingerprint_records_nothing_and_asks_nobody_behind(site):
    done = site.run("hosts", "trust", "far", "--yes", "--fingerprint", "SHA256:" + "A" * 43)
    assert done.returncode == 1
    assert "0 of 2 hosts are trusted" in done.stdout
    assert "Not recorded: near" in done.stdout
    assert "Not asked, because a host on the way is not trusted: far" in done.stdout
    assert site.known() == ""


@pytest.mark.parametrize("form", ["known_hosts", "named", "ssh-keygen"])
def test_a_file_proves_keys_in_the_forms_that_people_have(site, form):
    key = fingerprint(site.server)
    texts = {
        "known_hosts": site.server.known_hosts.read_text(),
        "named": f"near {key}\nfar {key}\n",
        "ssh-keygen": f"256 {key} root@near (ED25519)\n256 {key} root@far (ED25519)\n",
    }
    site.write("proof", texts[form])
    assert states(site.json("hosts", "trust", "near,far", "--yes", "--from", "proof")) == {"near": "recorded", "far": "recorded"}


def test_a_file_that_names_other_hosts_proves_nothing(site):
    site.write("proof", f"other {fingerprint(site.server)}\n")
    assert states(site.json("hosts", "trust", "near", "--yes", "--from", "proof")) == {"near": "declined"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--yes",), "--yes needs something"),
        ((), "nobody is at this terminal"),
        (("--fingerprint", "MD5:aa"), "nobody is at this terminal"),
        (("--yes", "--fingerprint", "MD5:aa"), "MD5:aa holds neither"),
        (("--yes", "--from", "none"), "cannot be read"),
        (("--yes", "--from", "empty"), "holds neither"),
    ],
)
def test_without_a_person_or_a_proof_nothing_is_trusted(site, words, said):
    site.write("empty", "# nothing\n")
    done = site.run("hosts", "trust", "near", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Nothing was recorded" in done.stderr
    assert site.known() == ""


def test_a_person_sees_the_fingerprint_and_answers_host_by_host(site, typing):
    site.hosts_are(third={"address": site.server.addresses[2]}, fourth={"address": site.server.addresses[3]})
    typing("?", "y", "n", "a")
    done = site.run("hosts", "trust", "near,third,fourth,far")
    assert done.returncode == 1
    assert done.stdout.count(f"it shows ssh-ed25519 {fingerprint(site.server)}") == 4
    assert "3 of 4 hosts are trusted (3 recorded now" in done.stdout
    assert "Not recorded: third" in done.stdout


def test_who_says_all_is_not_asked_again(site, typing):
    site.hosts_are(third={"address": site.server.addresses[2]})
    typing("a")
    assert site.run("hosts", "trust", "near,third,far").returncode == 0


def test_who_stops_keeps_what_was_decided_until_then(site, typing):
    site.hosts_are(third={"address": site.server.addresses[2]}, fourth={"address": site.server.addresses[3]})
    typing("y", "q")
    done = site.run("hosts", "trust", "near,third,fourth,far")
    assert done.returncode == 1
    assert "Not recorded: third, fourth, far" in done.stdout
    assert len(site.known().splitlines()) == 1


def test_a_proof_helps_a_person_to_decide(site, typing):
    typing("y", "n")
    site.write("proof", f"near {fingerprint(site.server)}\n")
    done = site.run("hosts", "trust", "near,far", "--from", "proof")
    assert "This is what the proof says." in done.stdout
    assert "The proof does not have this key." in done.stdout


def test_a_changed_key_is_shown_beside_the_old_one_and_replaced_only_when_asked(site, typing, tmp_path):
    other = make_key(tmp_path / "other")
    old = " ".join(other.with_suffix(".pub").read_text().split()[:2])
    name = f"[{site.server.addresses[0]}]:{site.server.port}"
    site.write(FILE, f"# ours\n{name} {old}\nelsewhere {old}\n")
    done = site.run("hosts", "trust", "near", "--yes", "--fingerprint", fingerprint(site.server))
    assert done.returncode == 1
    assert "× near  Its key is not the recorded one. The record was left as it is." in done.stdout
    assert f"it shows ssh-ed25519 {fingerprint(site.server)}" in done.stdout
    assert f"{FILE}:2)" in done.stdout
    assert "--replace" in done.stdout
    assert old in site.known()
    tested = site.run("hosts", "test", "near")
    assert (tested.returncode, "--replace" in tested.stdout) == (3, True)
    typing("y")
    replaced = site.run("hosts", "trust", "near", "--replace")
    assert replaced.returncode == 0
    assert "recorded ssh-ed25519 SHA256:" in replaced.stdout
    assert [line for line in site.known().splitlines() if old in line] == [f"elsewhere {old}"]
    assert "# ours" in site.known()
    [record] = site.json("audit", "show", "--kind", "hosts_trusted")
    assert str(record).count("SHA256:") == 2
    assert site.run("hosts", "test", "near").returncode == 0


def test_a_revoked_key_is_never_recorded(site):
    site.write(FILE, f"@revoked * {site.server.public_key}\n")
    done = site.run("hosts", "trust", "near", "--yes", "--fingerprint", fingerprint(site.server))
    assert done.returncode == 1
    assert "recorded as @revoked" in done.stdout


def test_a_host_that_cannot_be_asked_is_told_with_the_next_step(site):
    site.hosts_are(gone={"address": "127.0.1.41"})
    done = site.run("hosts", "trust", "gone,near", "--yes", "--fingerprint", fingerprint(site.server))
    assert done.returncode == 3
    assert "？ gone" in done.stdout
    assert "Next:" in done.stdout
    assert "1 of 2 hosts are trusted (1 recorded now" in done.stdout


def test_where_the_file_cannot_be_written_nothing_is_on_the_record(site):
    site.settings_are(known_hosts=["pyproject.toml/known_hosts"])
    done = site.run("hosts", "trust", "near", "--yes", "--fingerprint", fingerprint(site.server))
    assert done.returncode == 2
    assert site.json("audit", "show", "--kind", "hosts_trusted") == []


def test_each_trouble_has_its_reason_and_what_to_do_about_it(site, sshd_factory, tmp_path):  # noqa: F811
    shutil.copy(site.server.known_hosts, tmp_path / "runbooks/site/known_hosts")
    forced = sshd_factory(
        ("127.0.1.42",), more="ForceCommand echo This account is closed. Ask the operations group for another one.\n"
    )
    with (tmp_path / "runbooks/site/known_hosts").open("a") as file:
        file.write(forced.known_hosts.read_text())
    shutil.copy(site.server.folder / "authorized_keys", forced.folder / "authorized_keys")
    with silent_server("127.0.1.43") as silent:
        site.hosts_are(
            refused={"address": "127.0.1.41"},
            unnamed={"address": "no-such-host.invalid"},
            silent={"address": "127.0.1.43", "port": silent},
            stranger={"address": site.server.addresses[2], "user": "nobody"},
            closed={"address": "127.0.1.42", "port": forced.port},
            win={"shell": "none"},
            behind={"address": "127.0.1.41", "jump": ["near"]},
        )
        done = site.run("hosts", "test", "!localhost")
        found = {one["host"]: one for one in site.json("hosts", "test", "!localhost")}
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "？ 6 hosts cannot be entered; 2 were."
    assert {name: one["error"].removeprefix("hosts.") for name, one in found.items()} == {
        "near": "",
        "far": "",
        "refused": "ssh-refused",
        "unnamed": "ssh-no-name",
        "silent": "ssh-timeout",
        "stranger": "auth-failed",
        "closed": "other-shell",
        "win": "",
        "behind": "not-reached",
    }
    assert found["win"]["state"] == "outside"
    assert "This account is closed" in found["closed"]["message"]
    assert all(one["next"] for one in found.values() if one["error"])
    assert "checked from outside only: win" in done.stdout
    assert done.stdout.count("    Next:") == 6
    assert "9/9" in done.stderr


def test_an_unknown_key_leads_to_the_command_that_records_it(site):
    done = site.run("hosts", "test", "near")
    assert done.returncode == 3
    assert "tema hosts trust near" in done.stdout


def test_this_machine_is_reached_without_ssh(site):
    done = site.run("hosts", "test", "localhost")
    assert (done.returncode, done.stdout.strip()) == (0, "○ All 1 hosts were entered.")
