"""Five hundred strings that would like to be more than text: no shell, no template and no log takes them for anything else."""

import itertools
import logging

import pytest

from fixtures_runs import asking, make_engine, runbook_of
from temanashi.redaction import one_line
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run

CORES = [
    "touch PWNED",
    "; touch PWNED",
    "| touch PWNED",
    "|| touch PWNED",
    "&& touch PWNED",
    "& touch PWNED &",
    "$(touch PWNED)",
    "`touch PWNED`",
    "${IFS}touch${IFS}PWNED",
    "$((`touch PWNED`))",
    "<(touch PWNED)",
    "> PWNED",
    ">> PWNED",
    "< /etc/passwd",
    "2>&1 > PWNED",
    "*",
    "~",
    "~root",
    "{a,b}",
    "!!",
    "#",
    "\\",
    "\\n",
    "'",
    '"',
    "''",
    "%s%n%x",
    "%(asctime)s",
    "{0.__class__}",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "{# comment #}",
    "{{ ''.__class__.__mro__ }}",
    "{{ params.word }}",
    "${jndi:ldap://x/y}",
    "{{ prefect.variables.x }}",
    '{"__prefect_kind": "jinja", "template": "{{ 7 * 7 }}"}',
    "../../etc/passwd",
    "file:///etc/passwd",
    "env:HOME",
    "<script>alert(1)</script>",
    "]]>",
    "' OR 1=1 --",
    "表ソ能",
    "ｱｲｳ",
    "𠮷",
    "e\u0301",
    "\u200b",
    "😀",
    "İ",
]
WRAPS = ["{}", "a {} b", "'{}'", '"{}"', "$({})", "`{}`", "x';{};'", 'x";{};"', "-{}", "--x={}"]
HOSTILE = list(dict.fromkeys(wrap.replace("{}", core) for wrap, core in itertools.product(WRAPS, CORES)))
STEERING = [f"a{mark}b" for mark in map(chr, (*range(32), *range(127, 160), 0x2028, 0x2029))]
TITLE = {"ja": "語", "en": "Word"}


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path)
    yield made
    made.database.close()


def test_there_are_five_hundred_of_them():
    assert len(HOSTILE) + len(STEERING) >= 500


def test_each_reaches_a_command_as_one_argument_and_nothing_else_happens(engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parameter = {"name": "words", "type": "list", "max_items": 1000, "leading_dash": True, "title": TITLE}
    step = {
        "id": "say",
        "for_each": "params.words",
        "command": {"run": ["printf", "%s|%s", "x{{ item }}x", "{{ item }}"], "reads": True},
    }
    run = request_run(engine, asking(runbook_of([step], parameters=[parameter]), inputs={"words": HOSTILE}))
    assert advance(engine, run).outcome == "done"
    with engine.database.reading() as connection:
        rows = run_view(connection, run).steps[0].rows
    assert [row.output for row in rows] == [f"x{word}x|{word}".strip() for word in HOSTILE]
    assert not (tmp_path / "PWNED").exists()
    assert {path.name.partition(".db")[0] for path in tmp_path.iterdir()} == {"temanashi"}


def test_each_is_kept_as_it_is_by_a_text_parameter():
    runbook = runbook_of([{"command": ["true"]}], parameters=[{"name": "word", "leading_dash": True, "title": TITLE}])
    for word in HOSTILE:
        assert validate_inputs(runbook, {"word": word}) == {"word": word}


@pytest.mark.parametrize("parameter", [{}, {"type": "list"}])
def test_what_would_steer_a_terminal_is_refused(parameter):
    runbook = runbook_of([{"command": ["true"]}], parameters=[{"name": "word", "title": TITLE, **parameter}])
    for word in STEERING:
        with pytest.raises(BadInputs) as caught:
            validate_inputs(runbook, {"word": [word] if parameter else word})
        assert all(ord(sign) >= 32 for sign in str(caught.value).replace("\n", ""))


def test_none_of_them_begins_a_line_of_a_log(caplog):
    from temanashi.orchestration.log_lines import SafeRecords

    made = SafeRecords(logging.LogRecord)
    for word in (*HOSTILE, *STEERING):
        record = made("x", logging.INFO, __file__, 1, "[%s] done", (word,), None)
        line = record.getMessage()
        assert line == f"[{one_line(word)}] done"
        assert len(line.splitlines()) == 1
        assert all(ord(sign) >= 32 and not 127 <= ord(sign) < 160 for sign in line)
