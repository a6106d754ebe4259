"""The script of a sweep under the shells of the world, and the reading of what comes back, however it is cut."""

from __future__ import annotations

import os
import random
import shutil
import subprocess

import pytest

from temanashi.hosts import Command, Script
from temanashi.hosts.ssh.framing import Garbled, Stream, new_nonce, script_of

SHELLS = {
    "sh": ["sh"],
    "dash": ["dash"],
    "bash": ["bash"],
    "bash as sh": ["bash", "--posix"],
    "BusyBox": ["busybox", "sh"],
    "ksh": ["ksh"],
    "zsh as sh": ["zsh", "--emulate", "sh"],
}
ALL_BYTES = bytes(range(256)) * 3
FAKE = "0" * 32 + "0 0;"

# What a command may do to break out of its place: (command, exit code or None when any will do, output or None)
HOSTILE = [
    (Command("printf", "%s", "no line end"), 0, b"no line end"),
    (Command("cat", stdin=ALL_BYTES), 0, ALL_BYTES),
    (Command("printf", "%s", FAKE), 0, FAKE.encode()),
    (Script("exit 3"), 3, b""),
    (Script("echo 'unterminated"), None, b""),
    (Command("echo", "'; exit 9; '"), 0, b"'; exit 9; '\n"),
    (Command("echo", ") ; } ; exit 9 #"), 0, b") ; } ; exit 9 #\n"),
    (Command("echo", "a\nb\\n$HOME`id`$(id)!%s"), 0, b"a\nb\\n$HOME`id`$(id)!%s\n"),
    (Script("kill -9 $$"), 137, b""),
    (Script("kill -TERM $$"), 143, b""),
    (Script("exec >&- 2>&-; exit 4"), 4, b""),
    (Script("printf out; printf err >&2; exec 1>&2; printf more"), 0, b"out"),
    (Script("cat; read x; echo end"), 0, b"end\n"),
    (Script("trap '' PIPE TERM; unset PATH; cd /; umask 777; set -e; false; echo no"), 1, b""),
    (Script("exec 0</etc/passwd; read line; echo got"), 0, b"got\n"),
    (Command("no-such-program-at-all"), 127, b""),
    (Command("/"), 126, b""),
    (Command("exit"), 127, b""),
    (Command("if"), 127, b""),
    (Command("env", env={"tema_n": "mine", "PS4": "$(id)", "IFS": "x", "ENV": "/etc/passwd"}), 0, None),
    (Command("printf", "%s", "é\udcff\x01"), 0, "é\udcff\x01".encode("utf-8", "surrogateescape")),
    (Script("sleep 30 >/dev/null 2>&1 </dev/null & echo started"), 0, b"started\n"),
    (Command("cat", "/proc/self/cmdline", stdin=b"%d%n\\"), 0, b"cat\x00/proc/self/cmdline\x00"),
    (Script('printf "%s" "$1" | tr a b', "a" * 100_000), 0, b"b" * 100_000),
    (Command("true", stdin=b"x" * 300_000), 0, b""),
    (Command("echo", "last"), 0, b"last\n"),
]


def ran(shell, script):
    return subprocess.run(
        shell, input=script, capture_output=True, timeout=60, check=False, env={"PATH": os.environ["PATH"], "HOME": "/"}
    )


def read(nonce, out, err, *, limit=10**6, pieces=None):
    streams = Stream(nonce, limit=limit), Stream(nonce, limit=limit)
    for stream, data in zip(streams, (out, err), strict=True):
        at = 0
        while at < len(data):
            step = pieces() if pieces else len(data)
            stream.feed(data[at : at + step])
            at += step
    return streams


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_hostile_commands_keep_to_their_places(shell):
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed here")
    nonce = new_nonce()
    done = ran(shell, script_of([command for command, _, _ in HOSTILE], nonce))
    dice = random.Random(7)
    for pieces in (None, lambda: 1 + dice.randrange(40)):
        out, err = read(nonce, done.stdout, done.stderr, pieces=pieces)
        assert (out.pid, err.pid) == (out.pid, out.pid)
        assert len(out.sections) == len(err.sections) == len(HOSTILE)
        for (command, code, output), section in zip(HOSTILE, out.sections, strict=True):
            assert code is None or section.code == code, command.argv
            assert output is None or section.data == output, command.argv
    assert nonce.encode() not in b"".join(bytes(section.data) for section in (*out.sections, *err.sections))


def test_nothing_runs_unless_all_of_the_script_arrived(tmp_path):
    script = script_of([Command("touch", str(tmp_path / "made")), Command("touch", str(tmp_path / "too"))], new_nonce())
    for size in range(0, len(script) - 2, 7):
        ran(["sh"], script[:size])
    assert not list(tmp_path.iterdir())
    ran(["sh"], script)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_greeting_before_the_first_command_is_no_answer():
    nonce = new_nonce()
    done = ran(["sh"], script_of([Command("echo", "1")], nonce))
    out, _ = read(nonce, b"Welcome!\n" * 100 + done.stdout, done.stderr)
    assert [bytes(section.data) for section in out.sections] == [b"1\n"]
    assert len(out.greeting) == 500


def test_each_output_is_kept_to_its_limit_and_says_so():
    nonce = new_nonce()
    done = ran(["sh"], script_of([Script("head -c 5000 /dev/zero"), Command("echo", "1"), Script("head -c 100 /dev/zero")], nonce))
    out, err = read(nonce, done.stdout, done.stderr, limit=100, pieces=lambda: 33)
    assert [(len(section.data), section.truncated) for section in out.sections] == [(100, True), (2, False), (100, False)]
    assert [(len(section.data), section.truncated) for section in err.sections] == [(0, False)] * 3


@pytest.mark.parametrize("after", ["b1;b2;", "0 0;", "b1;1 0;", "b1;0 0;0 0;", "b1;x;", "b1;" + "9" * 50, "c;"])
def test_trailers_that_are_not_ours_are_refused(after):
    nonce = new_nonce()
    marks = after.replace("b", f"{nonce}b").replace("0 0;", f"{nonce}0 0;").replace("1 0;", f"{nonce}1 0;")
    marks = marks.replace("x;", f"{nonce}x;").replace("999", f"{nonce}999", 1).replace("c;", f"{nonce}c;")
    with pytest.raises(Garbled):
        Stream(nonce, limit=100).feed(marks.encode())


def test_every_sweep_has_a_nonce_of_its_own():
    assert len({new_nonce() for _ in range(100)}) == 100
    assert len(new_nonce()) == 32
