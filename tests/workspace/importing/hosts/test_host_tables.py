"""Lists of hosts in Excel and CSV: headings, widths, encodings, merged and struck cells, and what is not taken over."""

from __future__ import annotations

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font

from temanashi.text import explain
from temanashi.workspace.importing.hosts.reading import (
    CannotReadList,
    ListTooLarge,
    UnknownFormat,
    known_format,
    read_host_list,
)
from temanashi.workspace.importing.hosts.sheets import BadHostList, NoHosts
from temanashi.workspace.importing.workbook import BadWorkbook, OldWorkbook, WorkbookTooLarge

JAPANESE = "No,ホスト名,ＩＰアドレス,ユーザー名,ポート番号,踏み台サーバ,システム名,設置場所,役割,備考\n"


@pytest.fixture
def listed(tmp_path):
    def read(text, *, encoding="utf-8", name="hosts.csv", given=None):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_host_list(file, given=given)

    return read


@pytest.fixture
def workbook(tmp_path):
    def made(rows, *, merge=(), change=None, title="一覧", name="hosts.xlsx"):
        book = Workbook()
        sheet = book.active
        sheet.title = title
        for row in rows:
            sheet.append(row)
        for place in merge:
            sheet.merge_cells(place)
        if change:
            change(book, sheet)
        book.save(tmp_path / name)
        return read_host_list(tmp_path / name)

    return made


def fields(found):
    return {host.name: dict(host.fields) for host in found.hosts.values()}


def told(found, lang="en"):
    return [(finding.kind, finding.place, finding.message.text(lang)) for finding in found.findings]


def keys(found):
    return [(finding.kind, finding.place, finding.message.key.removeprefix("inventory.")) for finding in found.findings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_japanese_list_is_read_in_the_encodings_that_japanese_tools_save(listed, encoding):
    found = listed(
        JAPANESE + '１,ｗｅｂ０１,１０．０．０．１,ops,２２２２,gate01,受注,東京DC,"web,本番",夜間停止\n', encoding=encoding
    )
    assert fields(found) == {
        "web01": {
            "address": "10.0.0.1",
            "user": "ops",
            "port": 2222,
            "jump": ["gate01"],
            "system": "受注",
            "site": "東京DC",
            "tags": ["web", "本番"],
            "note": "夜間停止",
        }
    }
    assert found.findings == []
    assert found.hosts["web01"].place == "B2"


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (
            "Hostname,IP Address,User,SSH Port,Jump Host,System,Site,Environment,Description",
            "web01,10.0.0.1,ops,2222,g,order,tokyo,prod,x",
        ),
        (
            "host\tip\tlogin\tport\tbastion\tapplication\tlocation\ttags\tnotes",
            "web01\t10.0.0.1\tops\t2222\tg\torder\ttokyo\tprod\tx",
        ),
        (
            "Server Name;Management IP;Account;Port;ProxyJump;Service/App;DC;Role;Remarks",
            "web01;10.0.0.1;ops;2222;g;order;tokyo;prod;x",
        ),
    ],
)
def test_english_headings_and_other_separators_are_known(listed, head, line):
    found = listed(f"{head.replace('Service/App', 'App')}\n{line}\n")
    expected = {
        "address": "10.0.0.1",
        "user": "ops",
        "port": 2222,
        "jump": ["g"],
        "system": "order",
        "site": "tokyo",
        "tags": ["prod"],
        "note": "x",
    }
    assert fields(found) == {"web01": expected}


def test_titles_above_blank_rows_and_dashes_are_passed_over(listed):
    found = listed("サーバ一覧\n更新日,2026/11/01\n\nサーバ名,IP,備考\n\nweb01,10.0.0.1,-\n,,\nweb02,なし,なし\n")
    assert fields(found) == {"web01": {"address": "10.0.0.1"}, "web02": {}}
    assert found.findings == []


def test_a_list_of_names_alone_is_a_list(listed):
    assert list(listed("hostname\nweb01\nweb02\n").hosts) == ["web01", "web02"]


def test_addresses_alone_become_the_names(listed):
    found = listed("IPアドレス,備考\n10.0.0.1,a\nfe80::1,b\n")
    assert fields(found) == {"10.0.0.1": {"note": "a"}, "fe80--1": {"address": "fe80::1", "note": "b"}}


def test_the_more_telling_of_two_headings_names_the_host(listed):
    found = listed("サーバ名,ホスト名,業務IP,管理IP\n受注Web,web01,10.1.0.1,10.0.0.1\n")
    assert fields(found) == {"web01": {"address": "10.0.0.1"}}
    assert keys(found) == [("left", "A1", "unknown-column"), ("left", "C1", "unknown-column")]


def test_groups_of_a_column_become_groups(listed):
    found = listed("host,group\nweb01,front;all prod\nweb02,front\n")
    assert found.groups == {"front": ["web01", "web02"], "all prod": ["web01"]}


def test_what_is_not_understood_is_told_with_its_cell(listed):
    found = listed(
        "ホスト名,IP,user,port,資産番号,Login Password\n"
        "web01,10.0.0.1/24,-x,99999,A-1,s3cret\n"
        "web(旧),10.0.0.2,,,A-2,s3cret\n"
        ",10.0.0.3,,,,\n"
        "web01,10.0.0.9,,,,\n"
        "web02,2026.1,a b,abc,,\n"
        "web03,010.000.000.007,,,,\n"
        "web04,10.0.0.8 10.1.0.8,,,,\n"
        "localhost,,,,,\n"
        "web04,10.0.0.8,,,,\n"
    )
    assert told(found) == [
        ("left", "A2", '"-x" cannot be a user name.'),
        ("left", "A2", '"99999" is no port.'),
        ("left", "A3", '"web(旧)" cannot be the name of a host.'),
        ("left", "B4", 'A row without a host name: "10.0.0.3".'),
        ("left", "A5", "web01 is also in A2, with other values. The first one counts."),
        ("left", "B6", '"2026.1" is no address.'),
        ("left", "A6", '"a b" cannot be a user name.'),
        ("left", "A6", '"abc" is no port.'),
        ("changed", "B7", 'The address "010.000.000.007" was read as 10.0.0.7.'),
        ("left", "B8", "web04 gets the address 10.0.0.8; 10.1.0.8 were not taken over."),
        ("left", "A9", "localhost is the machine that runs tema and is not taken over."),
        ("noted", "A10", "web04 is also in A8, with the same values."),
        ("left", "E1", 'The column "資産番号" was not taken over (2 values).'),
        ("left", "F1", "A column of passwords was not read. No list of hosts and no repository may hold one."),
    ]
    assert list(found.hosts) == ["web01", "web02", "web03", "web04"]
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("status", "taken", "tags"),
    [
        ("廃止", False, None),
        ("撤去済", False, None),
        ("停止中", True, ["disabled"]),
        ("×", True, ["disabled"]),
        ("稼働中", True, None),
        ("", True, None),
    ],
)
def test_hosts_that_are_gone_are_left_out_and_stopped_ones_are_marked(listed, status, taken, tags):
    found = listed(f"ホスト名,IP,状態\nweb01,10.0.0.1,{status}\nweb02,10.0.0.2,稼働\n")
    assert ("web01" in found.hosts) is taken
    assert [key for _, _, key in keys(found)] == ([] if taken else ["gone"])
    if taken:
        assert found.hosts["web01"].fields.get("tags") == tags


def test_windows_is_checked_from_outside(listed):
    found = listed("host,ip,OS\nweb01,10.0.0.1,RHEL 9.4\nad01,10.0.0.2,Windows Server 2022\n")
    assert fields(found)["web01"] == {"address": "10.0.0.1", "variables": {"os": "RHEL 9.4"}}
    assert fields(found)["ad01"]["shell"] == "none"
    assert keys(found) == [("noted", "A3", "windows")]


def test_merged_cells_hold_for_every_row_and_a_merged_name_is_one_host(workbook):
    found = workbook(
        [
            ["システム", "ホスト名", "接続情報", None, "備考"],
            [None, None, "IPアドレス", "ポート", None],
            ["受注", "web01", "10.0.0.1", 22, "表"],
            [None, "web02", "10.0.0.2", 2222.0, None],
            [None, None, "10.1.0.2", None, None],
            ["台帳", "db01", "10.0.0.3", None, None],
        ],
        merge=("A1:A2", "B1:B2", "C1:D1", "E1:E2", "A3:A5", "B4:B5"),
    )
    assert fields(found) == {
        "web01": {"address": "10.0.0.1", "port": 22, "system": "受注", "note": "表"},
        "web02": {"address": "10.0.0.2", "port": 2222, "system": "受注"},
        "db01": {"address": "10.0.0.3", "system": "台帳"},
    }
    assert told(found) == [("left", "一覧!C5", 'A further line of web02 was not read: "10.1.0.2".')]


def test_struck_rows_hidden_rows_and_other_sheets_are_told(workbook):
    def change(book, sheet):
        sheet["A3"].font = Font(strike=True)
        sheet.row_dimensions[4].hidden = True
        book.create_sheet("表紙").append(["サーバ一覧"])
        book.create_sheet("旧").sheet_state = "hidden"

    found = workbook([["ホスト名", "IP"], ["web01", "10.0.0.1"], ["web02", "10.0.0.2"], ["web03", "10.0.0.3"]], change=change)
    assert list(found.hosts) == ["web01"]
    assert keys(found) == [
        ("left", "一覧!A3", "struck"),
        ("left", "一覧", "hidden-rows"),
        ("noted", "表紙", "other-sheet"),
        ("left", "旧", "imports.hidden-sheet"),
    ]


def test_a_list_longer_than_any_procedure_is_read_to_its_end(workbook):
    found = workbook([["host", "ip"], *([f"web{n}", f"10.0.{n >> 8}.{n & 255}"] for n in range(6000))])
    assert len(found.hosts) == 6000


def test_a_sheet_longer_than_the_limit_is_refused_and_not_cut(workbook):
    def change(_, sheet):
        sheet["A30005"] = "web9"

    with pytest.raises(WorkbookTooLarge) as caught:
        workbook([["host", "ip"], ["web01", "10.0.0.1"]], change=change)
    assert "rows of one sheet" in explain(caught.value, "en").what


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"just a letter to nobody\n", NoHosts, "no list of hosts"),
        (b"", NoHosts, "no list of hosts"),
        (b"host,ip\n", NoHosts, "no list of hosts"),
        (b'host,ip\n"web01,10.0.0.1\n', BadHostList, "quotes"),
        (b"\x81 \xe3", BadHostList, "neither UTF-8 nor Shift_JIS"),
        (b"host,ip\nweb\x0001,1\n", BadHostList, "no text"),
        (b'{"a": ', BadHostList, "no JSON"),
        (b"[1]", NoHosts, "no list of hosts"),
        (b"<a><b></a>", BadHostList, "no XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', BadHostList, "document type"),
        (b"<x/>", NoHosts, "no list of hosts"),
        (b"zabbix_export:\n  hosts: [\n", BadHostList, "is no YAML"),
        (b"PK\x03\x04broken", BadWorkbook, "x"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"x", OldWorkbook, "x"),
        (b"host,ip\n" + b"web,1\n" * 30_001, BadHostList, "too many rows"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_its_reason(listed, content, error, said):
    with pytest.raises(error) as caught:
        listed(content, name="x")
    for lang in ("ja", "en"):
        explained = explain(caught.value, lang)
        assert explained.next
        assert "{problem" not in explained.what
    assert said in explain(caught.value, "en").what


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CannotReadList) as caught:
        read_host_list(tmp_path / "none.csv")
    assert "No such file" in explain(caught.value, "en").what


def test_a_file_larger_than_any_list_is_refused_unread(tmp_path):
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(ListTooLarge):
        read_host_list(tmp_path / "huge.csv")


def test_a_format_is_named_or_told_by_the_content(listed):
    assert known_format("") is None
    with pytest.raises(UnknownFormat) as caught:
        known_format("xls")
    assert "xlsx, csv, ansible, zabbix" in explain(caught.value, "en").what
    assert list(listed("<host>,ip\nweb01,1.1.1.1\n".replace("<host>", "host"), given="csv").hosts) == ["web01"]
    with pytest.raises(BadWorkbook):
        listed("host\nweb01\n", given="xlsx")
    with pytest.raises(NoHosts):
        listed("a: 1\n", given="zabbix")
