"""A command carries any value as data."""

from __future__ import annotations

import os
import pickle
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from temanashi.hosts import BadCommand, Command, Script
from temanashi.text import explain

VALUES = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)


def in_a_shell(command: Command) -> list[bytes]:
    done = subprocess.run(["sh", "-c", command.shell()], capture_output=True, check=True, timeout=10)
    return done.stdout.split(b"\x00")[:-1]


@given(st.lists(VALUES, min_size=1, max_size=4))
@example(["; rm -rf /", "a\nb", "$(id)", "`id`", "it's", '"', "-n", "", "*", "~", "日本語"])
def test_the_shell_form_gives_back_every_value(values: list[str]) -> None:
    assert [part.decode() for part in in_a_shell(Command("printf", r"%s\0", *values))] == values


def test_variables_and_folder_are_part_of_the_shell_form(tmp_path) -> None:
    folder = tmp_path / "-odd; name"
    folder.mkdir()
    command = Command("sh", "-c", r'printf "%s\0" "$GREETING" "$(pwd)"', env={"GREETING": "a b; c"}, cwd=str(folder))
    assert in_a_shell(command) == [b"a b; c", os.fsencode(folder)]


def test_a_folder_that_looks_like_an_option_stays_a_folder() -> None:
    assert Command("true", cwd="-P").shell() == "CDPATH= cd -- ./-P && true"


@pytest.mark.parametrize("word", ["if", "while", "a b", "it's", "!"])
def test_a_program_named_like_shell_grammar_is_quoted(word: str) -> None:
    assert Command(word).shell().startswith("'")


def test_a_script_gets_its_values_as_parameters() -> None:
    assert Script('printf "%s" "$1"', "$(id)").argv == ("sh", "-c", 'printf "%s" "$1"', "sh", "$(id)")


def test_input_is_bytes_and_neither_it_nor_variables_are_shown() -> None:
    command = Command("mysql", stdin="päss", env={"TOKEN": "s3cret"})
    assert command.stdin == "päss".encode()
    assert "s3cret" not in repr(command)
    assert "ss'" not in repr(command).replace("'mysql'", "")


@pytest.mark.parametrize(
    ("build", "english"),
    [
        (Command, "it names no program"),
        (lambda: Command(""), "it names no program"),
        (lambda: Command("ls", "a\x00b"), "argument 1 has a NUL character in it"),
        (lambda: Command("l\x00s"), "the program name has a NUL"),
        (lambda: Command("ls", 5), "argument 1 is not text but int"),
        (lambda: Command("A=b"), "a program name has no = in it"),
        (lambda: Command("ls", "\ud800"), "argument 1 has a character in it that UTF-8 cannot write"),
        (lambda: Command("ls", env={"A B": "c"}), "'A B' cannot be the name of a variable"),
        (lambda: Command("ls", env={"A": "\x00"}), "the value of the variable A has a NUL"),
        (lambda: Command("ls", cwd="\x00"), "the working folder has a NUL"),
    ],
)
def test_what_no_command_can_carry_is_refused_with_its_place(build, english: str) -> None:
    with pytest.raises(BadCommand) as caught:
        build()
    for lang in ("ja", "en"):
        told = explain(caught.value, lang)
        assert told.next
        assert "{" not in told.what
        assert "hosts." not in told.what
    assert english in explain(caught.value, "en").what


def test_bytes_that_are_no_utf8_survive_when_they_came_from_the_file_system() -> None:
    name = os.fsdecode(b"caf\xe9")
    assert in_a_shell(Command("printf", r"%s\0", "x")) == [b"x"]
    assert Command("ls", name).argv[1] == name


def test_a_command_can_be_compared_kept_in_a_set_and_sent_to_another_process() -> None:
    command = Command("ls", "-l", env={"A": "b"}, cwd="/")
    assert command == Command("ls", "-l", env={"A": "b"}, cwd="/") != Command("ls")
    assert len({command, Command("ls", "-l", env={"A": "b"}, cwd="/")}) == 1
    assert pickle.loads(pickle.dumps(command)) == command
