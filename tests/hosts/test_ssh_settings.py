"""`[tool.temanashi.ssh]`: what it may say, and how mistakes are told."""

from __future__ import annotations

import pytest

from temanashi.settings import BadSettings, load_settings
from temanashi.settings_sections import SshSettings
from temanashi.text import explain


def loaded(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    return load_settings(tmp_path, environ={})


def test_everything_has_a_default(tmp_path):
    settings = loaded(tmp_path, "[tool.temanashi]\n")
    assert settings.ssh == SshSettings()
    assert (settings.ssh.processes, settings.ssh.agent, settings.ssh.passphrase) == (1, True, None)


def test_all_of_it_can_be_said(tmp_path):
    ssh = loaded(
        tmp_path,
        """[tool.temanashi]
port = 4300
[tool.temanashi.ssh]
known_hosts = ["site/known_hosts"]
config = ""
identity_files = ["~/.ssh/ops"]
passphrase = "env:OPS_PASSPHRASE"
agent = false
connect_timeout = 5
sweep_timeout = 60.5
idle_seconds = 0
processes = 4
""",
    ).ssh
    assert (ssh.known_hosts, ssh.config, ssh.identity_files, ssh.passphrase) == (
        ("site/known_hosts",),
        "",
        ("~/.ssh/ops",),
        "env:OPS_PASSPHRASE",
    )
    assert (ssh.agent, ssh.connect_timeout, ssh.sweep_timeout, ssh.idle_seconds, ssh.processes) == (False, 5, 60.5, 0, 4)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("procesess = 2", "Close: `processes`"),
        ("processes = 0", "at least 1"),
        ("connect_timeout = 0", "greater than 0"),
        ("sweep_timeout = -1", "greater than 0"),
        ("known_hosts = []", "at least"),
        ('passphrase = "hunter2"', "passphrase"),
        ("agent = 3", "agent"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, line, part):
    text = f'[tool.temanashi]\nlanguages = ["ja"]\n\n[tool.temanashi.ssh]\nidle_seconds = 5\n{line}\n'
    with pytest.raises(BadSettings) as caught:
        loaded(tmp_path, text)
    assert str(caught.value.at).startswith(f"pyproject.toml:6 (ssh.{line.split()[0]}")
    assert part in explain(caught.value, "en").what
    assert explain(caught.value, "ja").next


def test_a_secret_in_place_of_a_reference_is_not_repeated(tmp_path):
    with pytest.raises(BadSettings) as caught:
        loaded(tmp_path, '[tool.temanashi.ssh]\npassphrase = "hunter2"\n')
    assert "hunter2" not in str(caught.value) + repr(caught.value.data)
    assert "passphrase" in str(caught.value)


def test_a_mistake_about_the_whole_table_is_told_with_its_line(tmp_path):
    with pytest.raises(BadSettings) as caught:
        loaded(tmp_path, "[tool.temanashi]\nssh = 3\n")
    assert str(caught.value.at) == "pyproject.toml:2 (ssh)"
