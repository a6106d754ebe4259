from __future__ import annotations

import pytest

from temanashi.settings import BadSettings, NoWorkspace, Settings, find_workspace, load_settings
from temanashi.text import explain


@pytest.fixture
def root(tmp_path):
    return tmp_path


def write(root, text):
    (root / "pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())


def refused(root, environ=None):
    with pytest.raises(BadSettings) as caught:
        load_settings(root, environ=environ or {})
    told = {lang: explain(caught.value, lang) for lang in ("ja", "en")}
    assert all("{" not in part and part for lang in told.values() for part in lang)
    return caught.value, told


def test_settings_have_defaults_that_work(root):
    write(root, "[tool.temanashi]\n")
    settings = load_settings(root, environ={})
    assert settings.languages == ("ja", "en")
    assert settings.language == "ja"
    assert str(settings.zone) == "Asia/Tokyo"
    assert settings.database == f"sqlite:///{root / '.tema' / 'temanashi.db'}"


def test_variables_override_the_file(root):
    write(root, '[tool.temanashi]\nport = 4300\ntimezone = "UTC"\n')
    environ = {"TEMA_PORT": "4400", "TEMA_DATABASE_URL": "postgresql://db/tema", "TEMA_HOST": "127.0.0.2", "TEMA_TIMEZONE": ""}
    settings = load_settings(root, environ=environ)
    assert (settings.port, settings.host, settings.timezone, settings.database) == (
        4400,
        "127.0.0.2",
        "UTC",
        "postgresql://db/tema",
    )


def test_an_unknown_key_is_told_with_its_line_and_a_suggestion(root):
    write(root, '[project]\nname = "x"\n\n[tool.temanashi]\nlangauges = ["ja"]\n')
    error, told = refused(root)
    assert str(error.at) == "pyproject.toml:5 (langauges)"
    assert told["en"].what == "pyproject.toml:5 (langauges): a setting is wrong. unknown key `langauges`. Close: `languages`"
    assert "もしかして: 「languages」" in told["ja"].what


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[tool.temanashi]\ntimezone = "Asia/Tokio"\n', "no time zone `Asia/Tokio`"),
        ('[tool.temanashi]\ntimezone = "../../etc/passwd"\n', "no time zone"),
        ("[tool.temanashi]\nport = 99999\n", "must be at most 65535"),
        ("[tool.temanashi]\ngoal = 1.5\n", "must be at most 1"),
        ('[tool.temanashi]\nlanguages = ["fr"]\n', "not allowed (fr)"),
        ("[tool.temanashi]\nlanguages = []\n", "at least 1 items"),
        ('[tool.temanashi]\nnotify = ["mailtos://user:pass@mail"]\n', "required form"),
        ("[tool.temanashi\n", "not TOML"),
        ("[tool]\ntemanashi = 3\n", "must be a table"),
        ("tool = 3\n", "must be a table"),
        ('[tool.temanashi]\nroot = "/elsewhere"\n', "without `root`"),
        (b'[tool.temanashi]\ncompany = "\x93\xfa"\n', "not UTF-8"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong_in_both_languages(root, text, part):
    write(root, text)
    assert part in refused(root)[1]["en"].what


def test_a_wrong_variable_is_told_too(root):
    write(root, "[tool.temanashi]\n")
    assert "must be a whole number (got many)" in refused(root, {"TEMA_PORT": "many"})[1]["en"].what


def test_a_missing_file_is_told(root):
    assert "No such file" in refused(root)[1]["en"].what


def test_a_workspace_is_found_from_below(root):
    write(root, "[tool.temanashi]\n")
    below = root / "runbooks" / "routine"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\n")
    assert find_workspace(below) == root.resolve()


def test_without_a_workspace_the_message_says_how_to_get_one(root, monkeypatch):
    monkeypatch.setenv("TEMA_WORKSPACE", str(root))
    with pytest.raises(NoWorkspace) as caught:
        find_workspace()
    assert explain(caught.value, "en").next == "Change to the folder of your workspace, or make one with `tema init DIR`."
    assert str(root) in explain(caught.value, "ja").what


def test_every_setting_is_described():
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description and name != "root"]
    assert undescribed == []
