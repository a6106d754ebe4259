"""Hosts that make it hard: behind others, with other shells, few sessions, sudo, and connections that break."""

from __future__ import annotations

import getpass
import os
import shutil
import threading
import time

import pytest

from fixtures_sshd import ADDRESSES, silent_server
from temanashi.errors import TargetError
from temanashi.hosts import Command, Inventory, Script, TimedOut, Unreachable, fan_out
from temanashi.hosts.ssh.faults import (
    AlgorithmsDiffer,
    BecomeFailed,
    BecomeNeedsPassword,
    ChannelRefused,
    Died,
    JumpFailed,
    NameNotFound,
    OtherShell,
    Refused,
    SecretLacking,
    ShellSilent,
    StillRunning,
    SweepTimedOut,
)
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.ssh.reaching import Reach
from temanashi.text import explain

pytestmark = pytest.mark.server
ME = getpass.getuser()


def told(error):
    english = explain(error, "en")
    assert explain(error, "ja").next
    assert "{" not in english.what + english.next
    return english.what


def refused(transport, error):
    with pytest.raises(error) as caught:
        transport.run(Command("true"), timeout=5)
    return told(caught.value)


def hosts_of(server, **fields):
    plain = {"port": server.port, "user": ME}
    return Inventory.model_validate({"hosts": {name: {**plain, **more} for name, more in fields.items()}})


# Jump hosts


def test_a_host_behind_two_others_is_reached_and_every_one_is_verified(sshd, tmp_path):
    a, b, c = ADDRESSES[:3]
    inventory = hosts_of(sshd, outer={"address": a}, inner={"address": b, "jump": ["outer"]}, web={"address": c, "jump": ["inner"]})
    show = Script('echo "$SSH_CONNECTION"')
    with sshd.reach() as reach:
        seen = reach.transport(inventory.select("web")[0]).run(show, timeout=5).text.split()
        assert (seen[0], seen[2]) == ("127.0.0.1", c)
        # Its hops are shared: all of them through one connection each.
        found = fan_out(inventory.select("all,!localhost"), lambda host: reach.transport(host).run(show, timeout=5))
        assert [answer.text.split()[2] for answer in found.values()] == [a, b, c]
        assert len(reach._pool) == 3
    for wrong in (a, b, c):
        lines = [line for line in sshd.known_hosts.read_text().splitlines() if f"[{wrong}]" not in line]
        (tmp_path / "known").write_text("\n".join(lines) + "\n")
        with sshd.reach(known_hosts=[str(tmp_path / "known")]) as reach:
            [answer] = reach.transport(inventory.select("web")[0]).run_all([Command("true")], timeout=5)
            assert wrong in told(answer)
            assert isinstance(answer, JumpFailed) == (wrong != c)


def test_what_is_wrong_on_the_way_names_the_host_on_the_way(sshd, sshd_factory):
    closed = sshd_factory(["127.0.1.1"], more="AllowTcpForwarding no\n")
    inventory = hosts_of(
        sshd,
        gate={"address": ADDRESSES[0]},
        away={"address": "127.0.1.99", "jump": ["gate"]},
        deeper={"address": ADDRESSES[1], "jump": ["away"]},
    )
    with sshd.reach() as reach:
        assert "gate could not connect to away" in refused(reach.transport(inventory.select("away")[0]), Exception)
        text = refused(reach.transport(inventory.select("deeper")[0]), JumpFailed)
        assert "deeper was not reached because of away on the way" in text
    inventory = hosts_of(closed, gate={"address": "127.0.1.1"}, web={"address": "127.0.1.1", "jump": ["gate"]})
    with closed.reach() as reach:
        assert "gate could not connect to web" in refused(reach.transport(inventory.select("web")[0]), Exception)


def test_a_hop_that_hangs_delays_only_those_behind_it(sshd):
    with silent_server("127.0.1.98") as port, sshd.reach(connect_timeout=0.7) as reach:
        behind = {f"web{n}": {"address": a, "jump": ["gate"]} for n, a in enumerate(ADDRESSES[:5])}
        inventory = hosts_of(sshd, gate={"address": "127.0.1.98", "port": port}, free={"address": ADDRESSES[9]}, **behind)
        started = time.monotonic()
        found = fan_out(inventory.select("web*,free"), lambda host: reach.transport(host).run(Command("true"), timeout=5))
        assert time.monotonic() - started < 5
    assert found.pop("free").ok
    assert {type(answer) for answer in found.values()} == {JumpFailed}


# Login shells and forced commands


def forced(sshd_factory, **shells):
    """A server that answers on each address with another login shell; hosts by name."""
    addresses = [f"127.0.1.{n}" for n in range(1, len(shells) + 1)]
    more = "".join(f"Match LocalAddress {a}\n ForceCommand {line}\n" for a, line in zip(addresses, shells.values(), strict=True))
    server = sshd_factory(addresses, more=more)
    return server, hosts_of(server, **{name: {"address": a} for name, a in zip(shells, addresses, strict=True)})


def test_login_shells_that_print_and_other_shells_do_not_matter(sshd_factory):
    noisy = 'echo "Welcome to the host"; echo "oops" >&2; eval "$SSH_ORIGINAL_COMMAND"; echo bye; echo bye >&2'
    shells = {"noisy": noisy}
    for shell in ("tcsh", "csh", "fish", "zsh", "bash", "dash", "ksh", "mksh"):
        if shutil.which(shell):
            shells[shell] = f'{shell} -c "$SSH_ORIGINAL_COMMAND"'
    shells["japanese"] = 'LANG=ja_JP.UTF-8 LC_ALL=ja_JP.UTF-8 sh -c "$SSH_ORIGINAL_COMMAND"'
    server, inventory = forced(sshd_factory, **shells)
    commands = [Command("echo", "1"), Command("cat", stdin=b"\x00\xff"), Script("exit 3"), Script('printf "%s" "$LC_ALL"')]
    with server.reach() as reach:
        found = fan_out(inventory.select("all,!localhost"), lambda host: reach.transport(host).run_all(commands, timeout=5))
    wanted = [(0, b"1\n", b""), (0, b"\x00\xff", b""), (3, b"", b""), (0, b"C", b"")]
    for name, answers in found.items():
        assert [(a.exit, a.stdout, a.stderr) for a in answers] == wanted, name


def test_what_is_no_shell_is_told_with_its_own_words(sshd_factory):
    server, inventory = forced(
        sshd_factory, closed="echo This account is currently not available.", mute="exit 7", asleep="sleep 20", chatty="yes no"
    )
    with server.reach(connect_timeout=1) as reach:
        ways = {name: reach.transport(inventory.select(name)[0]) for name in ("closed", "mute", "asleep", "chatty")}
        assert "It answered: This account is currently not available." in refused(ways["closed"], OtherShell)
        assert "exit 7" in refused(ways["mute"], OtherShell)
        assert "not ready within 1 s" in refused(ways["asleep"], ShellSilent)
        refused(ways["chatty"], ShellSilent)


FORCED = {
    # What the forced command is, what it wrote on both outputs, and what we tell of it.
    "nothing": ("true", "exit 0"),
    "fails": ("false", "exit 1"),
    "codes": ("exit 255", "exit 255"),
    "short": ("echo no", "no"),
    "shorter": ("printf x", "x"),
    "both": ("echo >&2; echo closed", "closed"),
    "blank": ("echo; echo; exit 4", "exit 4"),
    "error": ("echo denied >&2; exit 1", "denied"),
    "reads": ("head -c 100 >/dev/null; echo read", "read"),
    "killed": ("kill -9 $$", "signal"),
    "nul": ("printf '\\000\\001'", "\\x00\\x01"),
    "hex": ("printf %032d 0", "0" * 32),
}


def test_forced_commands_that_say_little_or_nothing_and_end_at_once_are_no_answer(sshd_factory):
    server, inventory = forced(sshd_factory, **{name: line for name, (line, _) in FORCED.items()})
    commands = [Command("true"), Command("echo", "1")]
    with server.reach() as reach:
        found = fan_out(inventory.select("all,!localhost"), lambda host: reach.transport(host).run_all(commands, timeout=5))
        again = fan_out(inventory.select("all,!localhost"), lambda host: reach.transport(host).run_all(commands, timeout=5))
    for answers in (found, again):
        for name, (_, said) in FORCED.items():
            assert {type(answer) for answer in answers[name]} == {OtherShell}, (name, answers[name])
            assert f"It answered: {said}" in told(answers[name][0]), (name, told(answers[name][0]))


def test_a_host_that_sends_our_own_script_back_is_no_shell_and_what_was_in_it_is_not_told(sshd_factory):
    echoes = {
        "whole": "cat",
        "part": "head -c 60",
        "mixed": "cat | tr ';' ':'",
        "twice": "tee /dev/stderr",
        "late": "sleep 0.2; cat",
    }
    server, inventory = forced(sshd_factory, **echoes)
    commands = [Command("true", env={"TOKEN": "S3CRET"}), Command("echo", "1")]
    with server.reach() as reach:
        found = fan_out(inventory.select("all,!localhost"), lambda host: reach.transport(host).run_all(commands, timeout=2))
    for name, answers in found.items():
        assert all(isinstance(answer, TargetError) for answer in answers), (name, answers)
        assert "S3CRET" not in " ".join(explain(answer, "en").what for answer in answers), name


def test_commands_are_killed_where_the_host_takes_no_signals(sshd_factory):
    server, inventory = forced(sshd_factory, forced='sh -c "$SSH_ORIGINAL_COMMAND"')
    with server.reach() as reach:
        there = reach.transport(inventory.select("forced")[0])
        answers = there.run_all([Script("echo $$; sleep 60 & sleep 60"), Command("echo", "on")], timeout=[0.5, 5])
        assert isinstance(answers[0], TimedOut)
        assert answers[1].text == "on\n"


def test_where_nothing_can_be_killed_that_is_told(sshd_factory):
    server = sshd_factory(first='ForceCommand sh -c "$SSH_ORIGINAL_COMMAND"\nMaxSessions 1\n')
    with server.reach() as reach:
        there = reach.transport(server.host())
        answers = there.run_all([Command("echo", "1"), Script("sleep 4"), Command("echo", "on")], timeout=[5, 0.5, 5])
        assert answers[0].text == "1\n"
        assert "may still be running" in told(answers[1])
        assert [type(answer) for answer in answers[1:]] == [StillRunning, Died]


# Limits


def test_a_host_with_few_sessions_serves_many_threads_in_turn(sshd_factory):
    server = sshd_factory(first="MaxSessions 2\n")
    inventory = hosts_of(server, **{f"t{n}": {"address": "127.0.1.1"} for n in range(8)})
    with server.reach() as reach:
        route = reach.route(server.host())
        with reach.connection(route):
            jobs = [reach.transport(server.host()) for _ in range(8)]
            found = fan_out(
                inventory.select("t*"), lambda host: jobs[int(host.name[1:])].run(Script("sleep 0.1; echo in"), timeout=5)
            )
        assert [answer.text for answer in found.values()] == ["in\n"] * 8


def test_a_host_that_opens_no_session_is_told(sshd_factory):
    server = sshd_factory(first="MaxSessions 0\n")
    with server.reach() as reach:
        assert "MaxSessions" in explain_next(reach.transport(server.host()))


def explain_next(transport):
    with pytest.raises(ChannelRefused) as caught:
        transport.run(Command("true"), timeout=5)
    told(caught.value)
    return explain(caught.value, "en").next


def test_a_host_that_turns_away_newcomers_is_asked_again(sshd_factory):
    server = sshd_factory(first="MaxStartups 1:50:3\n")
    inventory = hosts_of(server, **{f"t{n}": {"address": "127.0.1.1"} for n in range(6)})
    with server.reach(connect_timeout=10) as reach:
        found = fan_out(inventory.select("t*"), lambda host: reach.transport(host).run(Command("echo", "in"), timeout=5))
    assert [getattr(answer, "text", answer) for answer in found.values()] == ["in\n"] * 6


def test_a_whole_sweep_ends_in_time(sshd):
    with sshd.reach(sweep_timeout=1) as reach:
        started = time.monotonic()
        answers = reach.transport(sshd.host()).run_all([Command("echo", "1"), *[Command("sleep", "20")] * 3], timeout=10)
        assert time.monotonic() - started < 18  # the commands sleep for 20
    assert answers[0].text == "1\n"
    assert {told(answer) for answer in answers[1:]} == {"The checks of web1 took more than 1 s in all; the rest was given up."}
    assert isinstance(answers[1], SweepTimedOut)


# Other accounts


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("sudo"), reason="only root becomes others without a password")
def test_commands_run_as_another_account(sshd):
    with sshd.reach() as reach:
        there = reach.transport(sshd.host(become="nobody"))
        answers = there.run_all(
            [Command("id", "-un"), Script("sleep 60 & sleep 60"), Command("cat", stdin=b"\x00x")], timeout=[5, 0.5, 5]
        )
        assert (answers[0].text, answers[2].stdout) == ("nobody\n", b"\x00x")
        assert isinstance(answers[1], TimedOut)
        assert "no-such-user" in refused(reach.transport(sshd.host(become="no-such-user")), BecomeFailed)


# It asks as sudo does, and takes the password byte by byte, so that what follows is left for the shell.
SUDO = """#!/bin/sh
case "$1" in
-n) echo "sudo: a password is required" >&2; exit 1 ;;
-S) prompt=$3; shift 6 ;;
esac
for try in 1 2 3; do
    printf %s "$prompt" >&2
    IFS= read -r given
    [ "$given" = "right password" ] && exec "$@"
    echo "Sorry, try again." >&2
done
exit 1
"""


def test_the_password_of_sudo_comes_by_reference_and_only_when_it_is_asked_for(sshd_factory, tmp_path):
    (tmp_path / "sudo").write_text(SUDO)
    (tmp_path / "sudo").chmod(0o755)
    server = sshd_factory(more="")
    secrets = {"env:RIGHT": "right password", "env:WRONG": "wrong password"}
    # The stand-in is found first because the command line is looked up in the account's own PATH.
    server.stop()
    server.text = server.text.replace("SetEnv PATH=", f"SetEnv PATH={tmp_path}:")
    server.processes.clear()
    server.start()
    with server.reach(secret=secrets.__getitem__) as reach:
        there = reach.transport(server.host(become="boss", become_password="env:RIGHT"))
        answers = there.run_all([Script("echo in; cat"), Script("ps ax -o args"), Command("cat", stdin=b"x")], timeout=5)
        assert (answers[0].text, answers[2].text) == ("in\n", "x")
        assert "right password" not in answers[1].text
        wrong = reach.transport(server.host(become="boss", become_password="env:WRONG"))
        text = refused(wrong, BecomeFailed)
        assert "Sorry, try again." in text
        assert "wrong password" not in text
        assert "asks for a password to become boss" in refused(reach.transport(server.host(become="boss")), BecomeNeedsPassword)
    with server.reach() as reach:
        assert "TEMA_NONE" in refused(reach.transport(server.host(become="boss", become_password="env:TEMA_NONE")), SecretLacking)


# Connections


def test_connections_end_when_nobody_needs_them(sshd):
    pool = Pool(idle_seconds=0.3)
    reach = Reach(sshd.settings(), root=sshd.folder, pool=pool)
    host = sshd.host()
    assert reach.transport(host).run(Command("true"), timeout=5).ok
    assert len(pool) == 1
    for _ in range(100):
        if len(pool) == 0:
            break
        time.sleep(0.05)
    assert len(pool) == 0
    pool = Pool(idle_seconds=0)
    assert Reach(sshd.settings(), root=sshd.folder, pool=pool).transport(host).run(Command("true"), timeout=5).ok
    assert len(pool) == 0
    assert not [
        t for t in threading.enumerate() if type(t).__name__ == "Session" and t.is_alive() and not t.join(3) and t.is_alive()
    ]


def test_a_forked_child_does_not_touch_the_connections_of_its_parent(sshd, tmp_path):
    show = Script('echo "$SSH_CONNECTION"')
    with sshd.reach() as reach:
        there = reach.transport(sshd.host())
        mine = there.run(show, timeout=5).text
        child = os.fork()
        if child == 0:
            try:
                (tmp_path / "child").write_text(f"{len(reach._pool)} {there.run(show, timeout=5).text}")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        count, theirs = (tmp_path / "child").read_text().split(" ", 1)
        assert (count, theirs != mine, theirs.startswith("127.0.0.1")) == ("0", True, True)
        assert there.run(show, timeout=5).text == mine


def test_a_connection_that_broke_while_it_was_idle_is_replaced_before_anything_runs(sshd, tmp_path):
    note = tmp_path / "note"
    with sshd.reach() as reach:
        there = reach.transport(sshd.host())
        there.run(Command("true"), timeout=5)
        with reach.connection(reach.route(sshd.host())) as connection:
            connection._sock.shutdown(2)
        assert there.run(Script('echo once >> "$1"', str(note)), timeout=5).ok
    assert note.read_text() == "once\n"


def test_two_accounts_of_one_host_do_not_share_a_connection(sshd):
    with sshd.reach() as reach:
        assert reach.transport(sshd.host()).run(Command("true"), timeout=5).ok
        refused(reach.transport(sshd.host(user="somebody")), Exception)
        assert len(reach._pool) == 1


def test_keys_of_hosts_behind_others_can_be_scanned(sshd):
    inventory = hosts_of(sshd, gate={"address": ADDRESSES[0]}, web={"address": ADDRESSES[1], "jump": ["gate"]})
    with sshd.reach() as reach:
        keys, names, known = reach.shown_keys(inventory.select("web")[0])
        assert (len(keys), names, len(known)) == (1, [f"[{ADDRESSES[1]}]:{sshd.port}"], 1)


# What may be wrong before anybody signs in


def test_a_host_without_cryptography_in_common_is_told(sshd_factory):
    server = sshd_factory(first="KexAlgorithms diffie-hellman-group18-sha512\n")
    with server.reach() as reach:
        assert "no cryptography in common" in refused(reach.transport(server.host()), AlgorithmsDiffer)


@pytest.mark.parametrize("algorithm", ["curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group16-sha512"])
def test_hosts_with_one_key_exchange_only_are_entered(sshd_factory, algorithm):
    server = sshd_factory(first=f"KexAlgorithms {algorithm}\nCiphers aes256-ctr\nMACs hmac-sha2-256-etm@openssh.com\n")
    with server.reach() as reach:
        assert reach.transport(server.host()).run(Command("echo", "in"), timeout=5).text == "in\n"


def test_names_that_lead_nowhere_are_told(sshd):
    with sshd.reach(connect_timeout=3) as reach:
        assert "no-such-host.invalid" in refused(reach.transport(sshd.host(address="no-such-host.invalid")), NameNotFound)
        assert "cannot be found" in refused(reach.transport(sshd.host(address="a" * 70 + ".invalid")), NameNotFound)
        assert "Cannot connect" in refused(reach.transport(sshd.host(address="255.255.255.255")), Unreachable)
        by_name = sshd.host(address="localhost", port=1)
        refused(reach.transport(by_name), Refused)
