"""`tema ask`: the answer first, codes that say what came of it, and a person where nothing is known."""

import json

import pytest

from fixtures_faq import with_faq
from fixtures_prefect import Place


@pytest.fixture
def desk(tmp_path, tema):
    with_faq(Place(tmp_path))
    return tema


def test_the_answer_comes_first_and_the_code_says_what_came_of_it(desk):
    found = desk.run("ask", "I cannot connect to the VPN", env={"TEMA_LANG": "en"})
    assert found.returncode == 0
    assert found.stdout.startswith("I cannot connect to the VPN")
    assert "The first step." in found.stdout
    assert "Verified by 佐藤 次郎" in found.stdout
    unknown = desk.run("ask", "zzqq xxyy")
    assert unknown.returncode == 4
    assert "I do not know" in unknown.stdout
    told = desk.run("ask", "zzqq xxyy", "--json")
    assert '"kind": "unknown"' in told.stdout


def test_solved_and_handed_over_by_number(desk):
    asked = desk.run("ask", "I cannot connect to the VPN", "--as", "taro", "--json")
    number = json.loads(asked.stdout)["number"]
    assert "tema ask --number" in desk.run("ask", "--number", number, "--as", "taro").stderr
    assert "Solved" in desk.run("ask", "--number", number, "--solved", "--as", "taro").stdout
    assert "Not solved" in desk.run("ask", "--number", number, "--not-solved", "--as", "taro").stdout
    other = desk.run("ask", "--number", number, "--as", "hanako")
    assert other.returncode == 2
    handed = desk.run("ask", "--number", number, "--hand-over", "--details", "urgent", "--as", "taro")
    assert handed.returncode == 0
    assert "Waits for a person" in handed.stdout
    assert desk.run("ask", "").returncode == 2
    assert "給与" not in desk.run("ask", "給与明細 間違い", "--as", "hanako").stdout


def test_the_digest_lists_what_owners_should_look_after(desk):
    desk.run("ask", "zzqq xxyy")
    shown = desk.run("faq", "digest")
    assert shown.returncode == 0
    assert "- 1 × zzqq xxyy" in shown.stdout
    told = desk.json("faq", "digest", "--json")
    assert {"", "sato", "hanako"} == {one["owner"] for one in told}
    assert "nothing to look after" in desk.run("faq", "digest", "--owner", "nobody").stdout
