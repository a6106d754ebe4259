from temanashi.orchestration.environment import api_url, base_url, flow_run_path, prefect_environment
from temanashi.settings import Settings


def settings(tmp_path, **more):
    return Settings(root=tmp_path, **more)


def test_prefect_lives_in_the_workspace_and_tells_nobody(tmp_path):
    env = prefect_environment(settings(tmp_path, port=4321), environ={})
    assert env["PREFECT_HOME"] == str(tmp_path / ".tema" / "prefect")
    assert env["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert env["DO_NOT_TRACK"] == "1"
    assert env["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_what_the_shell_says_of_another_prefect_does_not_reach_ours(tmp_path):
    shell = {"PREFECT_API_KEY": "k", "PREFECT_API_URL": "https://elsewhere", "PREFECT_LOGGING_LEVEL": "DEBUG", "PATH": "/bin"}
    env = prefect_environment(settings(tmp_path), environ=shell)
    assert "PREFECT_API_KEY" not in env
    assert env["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"
    assert (env["PREFECT_LOGGING_LEVEL"], env["PATH"]) == ("DEBUG", "/bin")


def test_prefects_own_rows_are_purged_after_the_days_of_the_settings(tmp_path):
    env = prefect_environment(settings(tmp_path, purge_days=30), environ={})
    assert "flow_runs" in env["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"]
    assert env["PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD"] == str(30 * 86_400)


def test_other_origins_may_not_call_the_api(tmp_path):
    env = prefect_environment(settings(tmp_path, port=4321), environ={})
    assert env["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4321"


def test_prefect_understands_every_setting(tmp_path, monkeypatch):
    from prefect.settings.models.root import Settings as PrefectSettings

    for name, value in prefect_environment(settings(tmp_path, purge_days=30), environ={}).items():
        monkeypatch.setenv(name, value)
    read = PrefectSettings()
    assert read.server.services.db_vacuum.enabled_vacuum_types >= {"events", "flow_runs"}
    assert read.server.services.db_vacuum.retention_period.days == 30
    assert read.worker.query_seconds == 0.5
    assert read.server.analytics_enabled is False
    assert str(read.server.ui.static_directory).startswith(str(tmp_path))


def test_a_server_that_listens_everywhere_is_reached_by_loopback(tmp_path):
    assert base_url(settings(tmp_path, host="0.0.0.0", port=80)) == "http://127.0.0.1:80"
    assert api_url(settings(tmp_path, host="10.0.0.5")) == "http://10.0.0.5:4200/api"


def test_a_part_of_a_flow_run_has_the_page_of_the_whole():
    whole = "00000000-0000-0000-0000-000000000001"
    assert flow_run_path(f"{whole}:2") == f"/v2/runs/flow-run/{whole}"
