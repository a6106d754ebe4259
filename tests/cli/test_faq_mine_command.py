"""`tema faq mine`: lists and mailboxes as other programs save them, proposals, drafts, and what is wrong with each row."""

import csv
import io
import json
import mailbox
from email.message import EmailMessage

import pytest
import xlsxwriter

from temanashi.workspace.faq_files import read_entry

ENTRY = """\
---
id: vpn-cannot-connect
owner: helpdesk
verified_on: 2026-11-01
ja:
  question: VPNにつながりません
  phrasings: [vpn 繋がらない, VPN接続エラー]
en:
  question: The VPN does not connect
  phrasings: [vpn not connecting, vpn error]
---

# ja

再起動してください。

# en

Restart.
"""
HEAD = ["受付番号", "件名", "お問い合わせ内容", "回答", "対応時間（分）", "依頼者"]
ROWS = [
    ["1", "社員証の再発行", "なくしました。", "総務に申請してください。", "10", "山田 花子"],
    ["2", "【至急】社員証の再発行", "山田です。割れました。", "総務に申請してください。", "1時間", "山田 花子"],
    ["3", "VPN接続エラーが出る", "090-1234-5678", "再起動で解決", "20", "佐藤"],
    ["4", "", "", "", "5", "鈴木"],
    ["5", "VPN接続エラーが出る", "", "", "すぐ", "鈴木"],
]


@pytest.fixture
def place(tema):
    tema.write("faq/vpn/vpn-cannot-connect.md", ENTRY)
    return tema


def as_csv(rows, encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def asked(place, *words, code=0):
    done = place.run("faq", "mine", *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_list_in_every_usual_encoding_gives_the_same_proposals(place, encoding):
    (place.root / "t.csv").write_bytes(as_csv([HEAD, *ROWS], encoding))
    told = asked(place, "t.csv", "--least", "2")
    assert told["inquiries"] == 4
    assert [(one["entry"], one["count"], one["minutes"]) for one in told["proposals"]] == [
        (None, 2, 70.0),
        ("vpn-cannot-connect", 2, 50.0),
    ]
    assert told["proposals"][0]["phrasings"] == ["社員証の再発行"]
    assert [(flaw["place"], flaw["left_out"]) for flaw in told["flaws"]] == [("B5", True), ("E6", False)]
    assert "090" not in json.dumps(told)
    assert "山田" not in json.dumps(told, ensure_ascii=False)


def test_a_workbook_is_read_sheet_by_sheet(place):
    book = xlsxwriter.Workbook(place.root / "t.xlsx")
    book.add_worksheet("表紙").write_row(0, 0, ["2026年度"])
    sheet = book.add_worksheet("一覧")
    for number, row in enumerate(
        [["Subject", "Resolution", "Hours", "Requester"], *[["business cards order", "Ask HR", 0.5, "Bob"]] * 3]
    ):
        sheet.write_row(number, 0, row)
    book.close()
    told = asked(place, "t.xlsx")
    assert [(one["count"], one["minutes"], one["answer"]) for one in told["proposals"]] == [(3, 90.0, "Ask HR")]
    assert told["proposals"][0]["places"] == ["一覧!A2", "一覧!A3", "一覧!A4"]


def mail(subject, body, *, ident, parent="", charset="utf-8", html=False):
    made = EmailMessage()
    made["Subject"], made["From"], made["To"], made["Message-ID"] = (
        subject,
        "山田 花子 <h@example.jp>",
        "it@example.jp",
        f"<{ident}@x>",
    )
    if parent:
        made["In-Reply-To"] = f"<{parent}@x>"
    made.set_content(body, charset=charset, subtype="html" if html else "plain")
    return made


def test_a_mailbox_gives_questions_and_the_first_replies_as_answers(place):
    box = mailbox.mbox(place.root / "help.mbox")
    box.add(mail("社員証の再発行", "お世話になっております。山田です。\n社員証をなくしました。", ident="a", charset="iso-2022-jp"))
    box.add(mail("Re: 社員証の再発行", "総務に申請してください。\n> 社員証を", ident="b", parent="a"))
    box.add(mail("Re: 昔の話", "ありがとう", ident="c", parent="z"))
    page = "<style>p{}</style><p>社員証を<b>再発行</b>したい</p><p>以上</p>"
    box.add(mail("社員証の再発行", page, ident="d", html=True))
    box.add(b"From: x\nContent-Type: text/plain; charset=no-such-code\nSubject: broken\n\n\xff\xfe")
    box.add(mail("", "", ident="e"))
    box.close()
    told = asked(place, "help.mbox", "--least", "2")
    assert told["average_minutes"] is None
    assert [(one["count"], one["answer"]) for one in told["proposals"]] == [(2, "総務に申請してください。")]
    assert ("#6", True) in [(flaw["place"], flaw["left_out"]) for flaw in told["flaws"]]
    assert "花子" not in json.dumps(told, ensure_ascii=False)


def test_drafts_are_entries_that_an_owner_looks_at(place, tmp_path):
    (place.root / "t.csv").write_bytes(as_csv([HEAD, *ROWS]))
    told = asked(place, "t.csv", "--least", "2", "--write", "out")
    assert len(told["files"]) == 2
    known = (place.root / "out/faq/vpn/vpn-cannot-connect.md").read_text()
    assert "VPN接続エラーが出る" in known
    draft = next((place.root / "out/faq/drafts").iterdir())
    faults = []
    loaded = read_entry(f"faq/drafts/{draft.name}", draft.read_text(), faults)
    assert faults == []
    assert loaded.entry.verified_on == loaded.entry.valid_until
    assert loaded.entry.texts["ja"].answer == "総務に申請してください。"
    again = place.run("faq", "mine", "t.csv", "--least", "2", "--write", "out")
    assert again.returncode == 2
    assert "vpn-cannot-connect.md" in again.stderr
    assert "VPN接続エラーが出る" not in (place.root / "faq/vpn/vpn-cannot-connect.md").read_text()


def test_a_person_reads_what_was_found_in_both_languages(place):
    (place.root / "t.csv").write_bytes(as_csv([HEAD, *ROWS]))
    told = place.run("faq", "mine", "t.csv", "--least", "2", env={"TEMA_LANG": "ja"}).stdout
    assert told.startswith("t.csv: 問い合わせ 4 件。新しい質問の提案 1 件")
    assert "「すぐ」は時間として読めません" in told
    told = place.run("faq", "mine", "t.csv", "--least", "2").stdout
    assert "Phrasings for vpn-cannot-connect (ja)  2 times, 50 minutes in all" in told


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"x,y\n1,2\n", "No list of inquiries"),
        ("a.csv", b"", "No list of inquiries"),
        ("a.csv", b"\x00\x01\x02\xff\xfe", "cannot be read"),
        ("a.xlsx", b"PK\x03\x04 broken", ""),
        ("a.mbox", b"From nobody\n\n", ""),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_the_next_step(place, name, data, said):
    (place.root / name).write_bytes(data)
    done = place.run("faq", "mine", name, "--write", "out")
    assert done.returncode in (0, 2)
    assert said in done.stderr
    assert not (place.root / "out").exists()


def test_a_file_that_is_not_there_is_told(place):
    done = place.run("faq", "mine", "nowhere.csv")
    assert done.returncode == 2
    assert "nowhere.csv" in done.stderr


def test_long_lists_tell_how_far_they_are(place):
    rows = [["Subject"], *[[f"question number {n}"] for n in range(1000)]]
    (place.root / "t.csv").write_bytes(as_csv(rows))
    assert "1000 inquiries read." in place.run("faq", "mine", "t.csv").stderr
