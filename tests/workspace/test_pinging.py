"""The outside monitor hears of each watch; its address stays a secret; silence is warned of once."""

import logging

import pytest

from fixtures_monitor import SECRET, Monitor
from fixtures_runs import make_engine
from temanashi.errors import WorkspaceError
from temanashi.settings import load_settings
from temanashi.workspace.pinging import fail_address, masked, ping, tell_monitor


@pytest.fixture
def monitor():
    made = Monitor()
    yield made
    made.close()


@pytest.fixture
def database(tmp_path):
    made = make_engine(tmp_path).database
    yield made
    made.close()


def test_a_watch_that_is_well_posts_and_trouble_goes_to_fail(monitor, caplog):
    caplog.set_level(logging.DEBUG)
    assert ping(monitor.url, problems=[]) == ""
    assert ping(monitor.url, problems=["did not run: job/1", "二つめ"]) == ""
    assert monitor.heard == [("POST", f"/{SECRET}", ""), ("POST", f"/{SECRET}/fail", "did not run: job/1\n二つめ")]
    assert SECRET not in caplog.text


def test_a_monitor_that_takes_no_post_gets_a_get(monitor):
    monitor.posts = False
    assert ping(monitor.url, problems=[]) == ""
    assert [command for command, *_ in monitor.heard] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("url", "fail"),
    [
        ("https://hc.example/abc", "https://hc.example/abc/fail"),
        ("https://hc.example/abc/", "https://hc.example/abc/fail"),
        ("https://hc.example/abc?create=1", "https://hc.example/abc/fail?create=1"),
    ],
)
def test_fail_stands_behind_the_path(url, fail):
    assert fail_address(url) == fail


def test_only_scheme_and_host_are_told():
    assert masked("https://user:pass@hc.example:8443/abc?key=1") == "https://hc.example/●●●●"
    assert masked("env:MONITOR") == "env:MONITOR"


def test_failing_is_warned_of_once_and_so_is_its_end(monitor, database):
    assert tell_monitor(database, monitor.url, problems=[]) is None
    monitor.status = 503
    warning = tell_monitor(database, monitor.url, problems=[])
    for lang in ("ja", "en"):
        assert "HTTP 503" in warning.text(lang)
        assert SECRET not in warning.text(lang)
    assert tell_monitor(database, monitor.url, problems=[]) is None
    monitor.status = 200
    assert "127.0.0.1" in tell_monitor(database, monitor.url, problems=[]).text("ja")
    assert tell_monitor(database, monitor.url, problems=[]) is None


def test_no_monitor_is_no_warning_and_a_dead_or_missing_one_is(database, monitor):
    assert tell_monitor(database, "", problems=["x"]) is None
    url = monitor.url
    assert tell_monitor(database, "env:MONITOR", problems=[], secret={"env:MONITOR": url}.__getitem__) is None
    assert "SecretMissing" in tell_monitor(database, "env:NOT_SET_ANYWHERE", problems=[]).text("en")


def test_nobody_at_the_address_is_a_failure_without_the_address():
    told = ping(f"http://127.0.0.1:1/{SECRET}", problems=[])
    assert told == "ConnectError"


def test_the_setting_is_an_address_or_a_reference_and_the_environment_wins(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.temanashi]\nmonitor_url = "env:MONITOR"\n')
    assert load_settings(tmp_path, environ={}).monitor_url == "env:MONITOR"
    found = load_settings(tmp_path, environ={"TEMA_MONITOR_URL": "https://hc.example/abc"})
    assert found.monitor_url == "https://hc.example/abc"
    assert "abc" not in repr(found)
    file.write_text('[tool.temanashi]\nmonitor_url = "ftp://hc.example"\n')
    with pytest.raises(WorkspaceError):
        load_settings(tmp_path, environ={})


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1", ("127.0.0.1", "http://127.0.0.1:4321")),
        ("0.0.0.0", ("127.0.0.1", "http://127.0.0.1:4321")),
        ("::", ("::1", "http://[::1]:4321")),
    ],
)
def test_templates_of_localhost_know_where_this_installation_answers(tmp_path, host, told):
    (tmp_path / "pyproject.toml").write_text("[tool.temanashi]\n")
    here = load_settings(tmp_path, environ={"TEMA_HOST": host, "TEMA_PORT": "4321"}).here
    assert (here["tema_host"], here["tema_url"], here["tema_port"]) == (*told, 4321)
