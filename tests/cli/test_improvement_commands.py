"""`tema invest` and `tema roadmap` as a person types them."""

import json

import pytest

STEPS = [{"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}]
ROADMAP = """\
starts: 2026-04-01
policy: {ja: 方針です, en: The policy}
ideal: {ja: 理想です, en: The ideal}
goals:
  - {id: one, by: 2027-03-31, title: {ja: 半分にする, en: Half of it}, reduction: 0.5}
measures:
  - {id: count, title: {ja: 棚卸し, en: Census}, half: 2020-H1, failed: {on: 2020-09-01, learned: {ja: 小さく, en: Start small}}}
tasks:
  - {id: a, title: {ja: 一覧, en: List}, measure: count, owner: ops, from: 2020-04, to: 2020-05, hours: 8, done: 2020-05-29}
  - {id: b, title: {ja: 測定, en: Measure}, measure: count, owner: ops, from: 2020-06, to: 2020-06, hours: 24}
improvement: {members: 6}
"""


@pytest.fixture
def tema(tema):
    tema.runbook("morning", steps=STEPS)
    return tema


def test_hours_are_added_listed_and_cancelled_with_a_reason(tema):
    done = tema.run("invest", "add", "morning", "2.5", "--note", "点検を書いた", "--as", "佐藤")
    assert done.returncode == 0, done.stderr
    assert "Recorded 2.5 hours of building: morning" in done.stdout
    number = done.stderr.split("tema invest cancel ")[1].split()[0]
    assert tema.json("invest", "add", "programme", "1", "--upkeep", "--person", "鈴木")["part"] == "upkeep"
    shown = tema.run("--lang", "ja", "invest", "list").stdout.splitlines()
    assert shown[0] == "構築 2.5 時間、保守 1.0 時間（2 件）"
    assert "全体（programme）" in shown[2]
    assert "鈴木" in shown[2]
    assert "点検を書いた" in shown[1]
    refused = tema.run("invest", "cancel", number)
    assert (refused.returncode, "no reason" in refused.stderr) == (2, True)
    assert "Cancelled 2.5 hours of morning" in tema.run("invest", "cancel", number, "--reason", "二重").stdout
    assert "no investment with the number" in tema.run("invest", "cancel", number, "--reason", "二重").stderr
    told = tema.json("invest", "list")
    assert [one["recipient"] for one in told["investments"]] == ["programme"]
    assert [own["upkeep"] for own in told["seconds_by_month"].values()] == [3600]
    assert "0 entries" in tema.run("invest", "list", "--month", "2020-01").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mornin", "1"), "morning"),
        (("morning", "0"), "above 0"),
        (("morning", "1", "--day", "2999-01-01"), "2999-01-01"),
        (("morning", "1", "--day", "gestern"), "gestern"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_recorded(tema, words, said):
    refused = tema.run("invest", "add", *words)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert tema.json("invest", "list")["investments"] == []


def test_many_entries_are_cut_and_counted(tema):
    for _ in range(41):
        tema.run("invest", "add", "morning", "0.1")
    shown = tema.run("invest", "list").stdout
    assert "(41 entries)" in shown
    assert "1 earlier entries" in shown


def test_the_roadmap_tells_how_far_it_came(tema):
    assert "The published version has no roadmap" in tema.run("roadmap").stderr
    (tema.root / "runbooks/site").mkdir(exist_ok=True)
    (tema.root / "runbooks/site/roadmap.yaml").write_text(ROADMAP, encoding="utf-8")
    assert tema.run("publish").returncode == 0
    said = tema.run("roadmap")
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0].startswith("Roadmap: of what is due 25% (1 of 2 done)")
    assert "Goal in 1 y (Wed 31 March 2027)  Half of it" in said.stdout
    assert "First half of fiscal 2020" in said.stdout
    assert "Learned: Start small" in said.stdout
    assert "late" in said.stdout
    assert "6 people, 30 min" in said.stdout
    assert "完了" in tema.run("--lang", "ja", "roadmap").stdout
    assert tema.json("roadmap")["due"]["share"] == 0.25


def test_a_sample_roadmap_says_so_and_is_in_no_report(tema):
    (tema.root / "runbooks/site").mkdir(exist_ok=True)
    file = tema.root / "runbooks/site/roadmap.yaml"
    file.write_text(f"sample: true\n{ROADMAP}", encoding="utf-8")
    tema.run("publish")
    said = tema.run("roadmap")
    assert "no report shows it" in said.stderr
    assert tema.json("roadmap")["sample"] is True
    tema.run("report", "-o", "sample.json")
    assert json.loads((tema.root / "sample.json").read_text())["roadmap"] is None
    file.write_text(ROADMAP, encoding="utf-8")
    tema.run("publish")
    assert "no report shows it" not in tema.run("roadmap").stderr
    tema.run("report", "-o", "own.json")
    assert json.loads((tema.root / "own.json").read_text())["roadmap"]["due"]["items"] == 2
