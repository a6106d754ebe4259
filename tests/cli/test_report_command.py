import json

import pytest


def report(tema, *rest):
    return tema.run("report", *rest)


@pytest.mark.parametrize("ending", ["html", "pdf", "xlsx", "csv", "json"])
def test_a_file_is_written_by_its_ending(tema, tmp_path, ending):
    file = tmp_path / f"november.{ending}"
    said = report(tema, "--month", "2026-11", "-o", str(file), "--lang", "ja")
    assert said.returncode == 0, said.stderr
    assert str(file) in said.stdout
    begins = {"html": b"<!doctype", "pdf": b"%PDF", "xlsx": b"PK", "csv": b"\xef\xbb\xbf", "json": b"{"}
    assert file.read_bytes().startswith(begins[ending])


def test_a_format_without_a_file_goes_to_standard_output(tema):
    said = report(tema, "--month", "2026-11", "--format", "json")
    assert json.loads(said.stdout)["figures"]["month"] == "2026-11"
    assert json.loads(report(tema, "--month", "2026-11", "--json").stdout)["figures"]["month"] == "2026-11"


def test_a_format_wins_over_an_ending(tema, tmp_path):
    file = tmp_path / "report.txt"
    assert report(tema, "--format", "csv", "-o", str(file)).returncode == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--format", "docx"], ".xlsx"),
        (["-o", "report.txt"], ".xlsx"),
        (["-o", "no-such-folder/report.html"], "no-such-folder"),
        (["--team", "nobody"], "nobody"),
        (["--month", "2026-13"], "2026-13"),
    ],
)
def test_what_cannot_be_is_told_with_the_way_on(tema, options, told):
    said = report(tema, *options)
    assert said.returncode in {1, 2}
    assert told in said.stderr
    assert "Traceback" not in said.stderr


def test_the_answer_stands_alone_at_a_terminal(tema):
    said = report(tema, "--lang", "ja")
    assert said.returncode == 0
    assert "まだ記録がありません" in said.stdout
    assert "tema report -o" in said.stdout
