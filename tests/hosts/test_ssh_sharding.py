"""A sweep that several processes share."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from fixtures_sshd import ADDRESSES
from temanashi.hosts import Command, Interrupted, Inventory, Script, TimedOut, fan_out
from temanashi.hosts.connecting import connecting
from temanashi.hosts.ssh.faults import Died, Refused, SecretLacking
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.ssh.sharding import Shards
from temanashi.settings import Settings

pytestmark = pytest.mark.server


@pytest.fixture
def reach(sshd, tmp_path):
    """The way to any host over two processes."""
    pool = Pool(idle_seconds=30)
    yield connecting(Settings(root=tmp_path, ssh=sshd.settings(processes=2)), pool)
    pool.close()


@pytest.fixture
def hosts(sshd):
    fields = {f"h{n}": {"address": a, "port": sshd.port} for n, a in enumerate(ADDRESSES[:12])}
    return Inventory.model_validate({"hosts": fields}).select("h*")


def test_every_host_answers_and_keeps_to_its_process(reach, hosts):
    show = [Script('echo "$SSH_CONNECTION"'), Command("cat", stdin=b"\x00\xff"), Command("no-such-program")]
    first = fan_out(hosts, lambda host: reach(host).run_all(show, timeout=5))
    again = fan_out(hosts, lambda host: reach(host).run(show[0], timeout=5))
    for host in hosts:
        answers = first[host.name]
        assert (answers[0].text.split()[2], answers[1].stdout, answers[2].exit) == (host.address, b"\x00\xff", 127)
        assert again[host.name].text == answers[0].text  # over the same connection


def test_errors_and_timeouts_come_back_as_they_are(reach, hosts, sshd):
    there = reach(hosts[0])
    assert [type(a).__name__ for a in there.run_all([Command("sleep", "20"), Command("true")], timeout=[0.3, 5])] == [
        "TimedOut",
        "Result",
    ]
    with pytest.raises(TimedOut):
        there.run(Command("sleep", "20"), timeout=0.3)
    with pytest.raises(Refused) as caught:
        reach(sshd.host(address="127.0.1.99")).run(Command("true"), timeout=5)
    assert "127.0.1.99" in str(caught.value)
    assert there.run_all([], timeout=5) == []


def test_stopping_reaches_the_processes(reach, hosts):
    stop = threading.Event()
    threading.Timer(0.7, stop.set).start()
    started = time.monotonic()
    found = fan_out(hosts[:4], lambda host: reach(host, stop).run_all([Command("sleep", "30")] * 2, timeout=30))
    assert time.monotonic() - started < 15
    assert {type(answer) for answers in found.values() for answer in answers} == {Interrupted}


def test_a_process_that_dies_leaves_its_answers_unknown_and_is_replaced(sshd, hosts, tmp_path):
    shards = Shards(sshd.settings(processes=2), root=tmp_path, secret=lambda ref: ref)
    try:
        shard = shards.shard(hosts[0])
        threading.Timer(1.0, lambda: os.kill(shard._process.pid, signal.SIGKILL)).start()
        answers = shards.transport(hosts[0]).run_all([Command("sleep", "30")] * 2, timeout=30)
        assert [type(answer) for answer in answers] == [Died, Died]
        shard._process.wait(5)
        shard._reader.join(5)
        assert shards.transport(hosts[0]).run(Command("echo", "again"), timeout=5).text == "again\n"
        assert shard.ask(_job(hosts[0]))[1].result(5) == []
    finally:
        shards.close()


def _job(host):
    from temanashi.hosts.ssh.shard_process import Job

    return Job(0, host, (), (), bounded=True, secrets={})


def test_secrets_go_along_with_the_job_and_a_missing_one_is_told(sshd, tmp_path):
    shards = Shards(sshd.settings(processes=2, passphrase="env:TEMA_NOWHERE"), root=tmp_path, secret=_missing)
    try:
        with pytest.raises(SecretLacking):
            shards.transport(sshd.host()).run(Command("true"), timeout=5)
        given = Shards(sshd.settings(processes=2), root=tmp_path, secret={"env:P": "unused"}.__getitem__)
        answer = given.transport(sshd.host(password="env:P")).run(
            Script('cat "/proc/$PPID/environ" | tr "\\0" "\\n"; ps ax -o args'), timeout=5
        )
        assert answer.ok
        assert "unused" not in answer.text
        given.close()
    finally:
        shards.close()


def _missing(ref):
    from temanashi.secrets import SecretMissing

    raise SecretMissing(ref)


def test_a_forked_child_starts_processes_of_its_own(sshd, hosts, tmp_path):
    shards = Shards(sshd.settings(processes=2), root=tmp_path, secret=lambda ref: ref)
    try:
        assert shards.transport(hosts[0]).run(Command("echo", "parent"), timeout=5).ok
        child = os.fork()
        if child == 0:
            try:
                text = shards.transport(hosts[0]).run(Command("echo", "child"), timeout=5).text
                (tmp_path / "child").write_text(text)
                shards.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert (tmp_path / "child").read_text() == "child\n"
        assert shards.transport(hosts[0]).run(Command("echo", "still"), timeout=5).text == "still\n"
    finally:
        shards.close()
