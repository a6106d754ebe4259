"""Tables of a workspace, what is wrong with choices at load, and what commands said a moment ago."""

import pytest

from temanashi.hosts.inventory import Inventory
from temanashi.hosts.transport import Result, TimedOut
from temanashi.runbooks.choices import ChoicesFrom
from temanashi.workspace.choosing import Kept, form_offers, run_offers
from temanashi.workspace.faults import errors_among
from temanashi.workspace.publishing import current_version, publish

TABLE = "番号,部署\n100,営業部\n200,経理部\n"
PARAMETER = """\
parameters:
  - name: dept
    type: choice
    title: {ja: 部署, en: Department}
    choices_from: %s
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_table_saved_by_excel_is_read(folder, encoding):
    folder.write("runbooks/site/depts.csv", TABLE.encode(encoding))
    folder.runbook("ask", more=PARAMETER % "{csv: depts.csv, column: 番号, title: 部署}")
    workspace = folder.load()
    assert not workspace.faults
    assert workspace.texts["runbooks/site/depts.csv"] == TABLE


def test_a_table_that_is_neither_is_said_so(folder):
    folder.write("runbooks/site/depts.csv", b"\xff\xff\x81")
    [fault] = errors_among(folder.load().faults)
    assert fault.at.file == "runbooks/site/depts.csv"


def test_a_table_elsewhere_does_not_count(folder):
    folder.write("runbooks/routine/depts.csv", "a,b\n")
    assert "runbooks/routine/depts.csv" not in folder.load().texts


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("{csv: depts.csv}", "runbooks/site/depts.csv"),
        ("{hosts: 'tag:nothing'}", "tag:nothing"),
        ("{people: 'group:nobody'}", "group:nobody"),
        ("{command: [list], host: web9}", "web9"),
        ("{csv: depts.csv, where: {gone: x}}", "depts.csv"),
    ],
)
def test_choices_that_can_never_be_found_disable_the_runbook(folder, source, word):
    folder.runbook("ask", more=PARAMETER % source)
    loaded = folder.load()
    [fault] = errors_among(loaded.faults)
    assert (fault.at.file, fault.at.field.startswith("parameters.0.choices_from")) == ("runbooks/routine/ask.yaml", True)
    assert fault.at.line > 8
    assert word in fault.message.text("ja")
    assert "ask" not in loaded.runbooks


def test_a_schedule_with_a_value_that_is_not_there_is_a_mistake(folder):
    folder.write("runbooks/site/depts.csv", TABLE)
    schedule = 'schedules:\n  - {cron: "0 8 * * *", parameters: {dept: "300"}}\n'
    folder.runbook("ask", more=PARAMETER % "{csv: depts.csv}" + schedule)
    [fault] = errors_among(folder.load().faults)
    assert fault.at.field == "schedules.0.parameters.dept"
    assert "300" in fault.message.text("ja")


def test_a_run_uses_the_published_table(folder, kinds, clock, tmp_path):
    from temanashi.ledger.database import open_database
    from temanashi.ledger.ledger import Ledger
    from temanashi.people import Actor

    folder.write("runbooks/site/depts.csv", TABLE)
    folder.runbook("ask", more=PARAMETER % "{csv: depts.csv}")
    database = open_database(f"sqlite:///{tmp_path / 'choices.db'}", clock=clock)
    try:
        loaded = folder.load()
        publish(database, Ledger(database, clock=clock), loaded, actor=Actor(name="ops"), clock=clock)
        folder.write("runbooks/site/depts.csv", "番号,部署\n900,新\n")
        with database.reading() as connection:
            published = current_version(connection, kinds=kinds)
    finally:
        database.close()
    source = published.runbooks["ask"].parameters[0].choices_from
    for offers in (run_offers(published, clock=clock), form_offers(published, loaded.settings, clock=clock)):
        assert [c.value for c in offers.offered(source, {})] == ["100", "200"]


class Asked:
    def __init__(self, *answers):
        self.answers, self.count = list(answers), 0

    def __call__(self, source):
        self.count += 1
        answer = self.answers[min(self.count, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


SOURCE = ChoicesFrom.model_validate({"command": ["list", "全部"], "cache": 60})


def test_what_a_command_said_is_kept_for_a_while_also_between_processes(tmp_path, clock):
    asked = Asked(Result(0, stdout=b"a\n\xff"), Result(0, stdout=b"b\n"))
    assert Kept(asked, tmp_path, clock)(SOURCE).stdout == b"a\n\xff"
    assert Kept(asked, tmp_path, clock)(SOURCE).stdout == b"a\n\xff"
    assert asked.count == 1
    clock.sleep(61)
    assert Kept(asked, tmp_path, clock)(SOURCE).stdout == b"b\n"
    other = ChoicesFrom.model_validate({"command": ["list", "others"]})
    Kept(asked, tmp_path, clock)(other)
    assert asked.count == 3


def test_a_host_that_does_not_answer_is_not_waited_for_each_time(tmp_path, clock):
    asked = Asked(TimedOut("db1", "list", 10))
    for _ in range(3):
        answer = Kept(asked, tmp_path, clock)(SOURCE)
        assert answer.exit != 0
        assert "db1" in answer.error_text
    assert asked.count == 1


def test_what_was_cut_short_or_written_badly_is_asked_again(tmp_path, clock):
    asked = Asked(Result(0, stdout=b"a", truncated=True), Result(0, stdout=b"b"))
    kept = Kept(asked, tmp_path / "choices", clock)
    assert kept(SOURCE).truncated
    assert kept(SOURCE).stdout == b"b"
    [file] = (tmp_path / "choices").iterdir()
    file.write_text("[]")
    assert kept(SOURCE).stdout == b"b"
    assert asked.count == 3


def test_a_command_runs_on_the_host_that_the_inventory_means():
    from temanashi.workspace.choosing import running_on

    source = ChoicesFrom.model_validate({"command": ["echo", "x"], "host": "localhost"})
    assert running_on(Inventory())(source).stdout == b"x\n"
