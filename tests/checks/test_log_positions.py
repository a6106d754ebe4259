"""Every line of a log is read once, whatever rotates, truncates or compresses it, on every shell that we meet."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from temanashi.checks.log_reading import FIRST_LOOK, ask_log, parse_reading

SHELLS = [
    pytest.param(shell, marks=pytest.mark.skipif(shutil.which(shell[0]) is None, reason=f"no {shell[0]}"), id=" ".join(shell))
    for shell in (("dash",), ("bash",), ("busybox", "sh"))
]


@pytest.fixture(params=SHELLS)
def look(request, tmp_path):
    """Looks at app.log, and goes on where the last look ended."""
    log = tmp_path / "app.log"
    position: dict[str, str] = {}

    def looked(*texts: str, limit: int = 1_000_000, path: Path = log):
        nonlocal position
        argv = ask_log(str(path), position, limit=limit, texts=texts).argv[1:]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        done = subprocess.run([*request.param, *argv], capture_output=True, timeout=60, check=True, env=environment)
        reading = parse_reading(done.stdout)
        assert reading is not None, done
        position = reading.position or position
        return reading

    return looked


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "app.log"


def add(log: Path, *lines: str) -> None:
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def lines(reading) -> list[str]:
    return [line.decode() for line in reading.lines]


def test_each_line_is_read_once(look, log) -> None:
    add(log, "one", "two")
    first = look()
    assert (first.state, first.octets, lines(first)) == ("first", 8, ["one", "two"])
    add(log, "three", "four")
    again = look()
    assert (again.state, lines(again), again.behind) == ("same", ["three", "four"], 0)
    assert lines(look()) == []


def test_the_first_look_reads_the_end_only(look, log) -> None:
    log.write_text("old\n" * 100_000 + "new\n")
    first = look()
    assert first.octets <= FIRST_LOOK
    assert lines(first)[-1] == "new"


def test_a_line_that_has_not_ended_is_left_for_the_next_look(look, log) -> None:
    add(log, "one")
    look()
    with log.open("a") as file:
        file.write("half of")
    assert lines(look()) == []
    with log.open("a") as file:
        file.write(" a line\nnext\n")
    assert lines(look()) == ["half of a line", "next"]


def test_a_renamed_log_is_read_to_its_end_and_then_the_new_one(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    log.rename(log.with_name("app.log.1"))
    add(log, "three")
    rotated = look()
    assert (rotated.state, lines(rotated)) == ("rotated", ["two", "three"])
    add(log, "four")
    assert lines(look()) == ["four"]


def test_a_copied_and_truncated_log_is_read_in_its_copy(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    shutil.copy(log, log.with_name("app.log-20261120"))
    log.write_text("")
    add(log, "three")
    rotated = look()
    assert (rotated.state, lines(rotated)) == ("rotated", ["two", "three"])


def test_a_truncated_log_that_has_grown_beyond_is_told_from_the_same_one(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    shutil.copy(log, log.with_name("app.log.1"))
    log.write_text("".join(f"other {n}\n" for n in range(100)))
    rotated = look()
    assert rotated.state == "rotated"
    assert lines(rotated)[:2] == ["two", "other 0"]
    assert len(rotated.lines) == 101


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_compressed_log_is_read_to_its_end(look, log, ending, pack) -> None:
    if shutil.which("gzip" if ending == ".gz" else "bzip2") is None:
        pytest.skip("no such compressor")
    add(log, *(f"one {n}" for n in range(300)))
    look()
    add(log, "two")
    log.with_name(f"app.log.1{ending}").write_bytes(pack(log.read_bytes()))
    log.unlink()
    add(log, "three")
    rotated = look()
    assert (rotated.state, lines(rotated)) == ("rotated", ["two", "three"])


def test_several_rotations_between_two_looks_lose_nothing(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    for number, line in enumerate(("three", "four", "five")):
        for old in (2, 1):
            if (rotated := log.with_name(f"app.log.{old}")).exists():
                rotated.rename(log.with_name(f"app.log.{old + 1}"))
        log.rename(log.with_name("app.log.1"))
        os.utime(log.with_name("app.log.1"), (1_000_000 + number, 1_000_000 + number))
        add(log, line)
    rotated = look()
    assert (rotated.state, lines(rotated)) == ("rotated", ["two", "three", "four", "five"])


def test_a_name_with_the_date_in_its_middle_is_found(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    log.rename(log.with_name("app-20261120.log"))
    add(log, "three")
    assert lines(look()) == ["two", "three"]


def test_other_files_beside_it_are_not_taken_for_it(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    log.rename(log.with_name("app.log.1"))
    for name in ("app.log.lock", "app.log-error", "app-error.log", "app.logx"):
        add(log.with_name(name), "not mine")
    add(log, "three")
    assert lines(look()) == ["two", "three"]


def test_a_truncated_log_without_a_copy_is_told(look, log) -> None:
    add(log, "one", "two")
    look()
    log.write_text("x\n")
    lost = look()
    assert (lost.state, lines(lost)) == ("lost", ["x"])
    assert look().state == "same"


def test_a_rotated_log_whose_new_one_is_not_there_yet_is_read_to_its_end(look, log) -> None:
    add(log, "one")
    look()
    add(log, "two")
    log.rename(log.with_name("app.log.1"))
    gone = look()
    assert (gone.state, gone.gone, lines(gone)) == ("rotated", True, ["two"])
    add(log, "three")
    assert lines(look()) == ["three"]


def test_a_log_that_never_was_is_missing(look) -> None:
    missing = look()
    assert (missing.state, missing.position) == ("missing", None)


def test_an_empty_log_begins_at_its_beginning(look, log) -> None:
    log.touch()
    assert look().state == "first"
    add(log, "one")
    assert lines(look()) == ["one"]
    log.write_text("")
    assert look().state == "lost"
    log.rename(log.with_name("app.log.1"))
    add(log, "two")
    assert (lines(look())) == ["two"]


def test_what_is_too_much_for_one_look_is_read_by_the_next_ones(look, log) -> None:
    add(log, "start")
    look()
    add(log, *(f"line {n:04}" for n in range(1000)))
    found: list[str] = []
    behind = []
    for _ in range(4):
        reading = look(limit=4000)
        found += lines(reading)
        behind.append(reading.behind)
    assert found == [f"line {n:04}" for n in range(1000)]
    assert behind[0] > behind[1] > behind[2] == 0


def test_too_much_in_a_rotated_log_goes_on_there(look, log) -> None:
    add(log, "start")
    look()
    add(log, *(f"line {n:04}" for n in range(1000)))
    log.rename(log.with_name("app.log.1"))
    add(log, "after")
    found: list[str] = []
    for _ in range(5):
        found += lines(look(limit=4000))
    assert found == [*(f"line {n:04}" for n in range(1000)), "after"]


def test_only_lines_with_one_of_the_texts_are_sent(look, log) -> None:
    add(log, "start")
    look("ERROR", "ORA-")
    add(log, "fine", "ERROR one", "fine -e ERRORS", "x ORA-600", "-e")
    assert lines(look("ERROR", "ORA-")) == ["ERROR one", "fine -e ERRORS", "x ORA-600"]


def test_nul_bytes_hide_nothing(look, log) -> None:
    add(log, "start")
    look("ERROR")
    with log.open("ab") as file:
        file.write(b"\0" * 5000 + b"a\0b ERROR after\0wards\nERROR next\n")
    assert look("ERROR").lines == (b"ab ERROR afterwards", b"ERROR next")


def test_a_line_without_an_end_is_bounded_and_passed(look, log) -> None:
    add(log, "start")
    look("ERROR")
    with log.open("ab") as file:
        file.write(b"x" * 3_000_000)
    for _ in range(3):
        assert look("ERROR", limit=1_000_000).lines == ()
    with log.open("ab") as file:
        file.write(b"\nERROR after\n")
    assert look("ERROR").lines == (b"ERROR after",)


def test_a_log_in_a_name_with_spaces_globs_and_quotes(look, tmp_path) -> None:
    odd = tmp_path / "a b's [1] $(x);*.log"
    add(odd, "one")
    look(path=odd)
    add(odd, "two")
    odd.rename(odd.with_name(odd.name + ".1"))
    add(odd, "three")
    assert lines(look(path=odd)) == ["two", "three"]
