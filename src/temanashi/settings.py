"""The settings of a workspace: `[tool.temanashi]` in its `pyproject.toml`, overridden by `TEMA_*` variables."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from temanashi.errors import Location, WorkspaceError
from temanashi.problems import problems_of
from temanashi.secrets import SecretRef
from temanashi.settings_sections import (
    AccountsSettings,
    AlertSettings,
    ChecksSettings,
    FaqSettings,
    GateSettings,
    LedgerSettings,
    MailSettings,
    ReportSettings,
    SshSettings,
    ToilSettings,
)
from temanashi.text.local import LANGUAGES, Lang, Phrase, phrase

__all__ = [
    "BadSettings",
    "NoWorkspace",
    "Settings",
    "find_workspace",
    "load_settings",
]

OVERRIDES = {
    "TEMA_DATABASE_URL": "database_url",
    "TEMA_HOST": "host",
    "TEMA_PORT": "port",
    "TEMA_TIMEZONE": "timezone",
    "TEMA_MONITOR_URL": "monitor_url",
}


class NoWorkspace(WorkspaceError):
    """No `pyproject.toml` with `[tool.temanashi]` here or above."""

    key = "settings.no-workspace"

    def __init__(self, start: Path) -> None:
        super().__init__(start=str(start))


class BadSettings(WorkspaceError):
    """A setting is unknown or has a wrong value."""

    key = "settings.bad"

    def __init__(self, *, at: Location, problem: Phrase, close: str = "") -> None:
        told = phrase("settings.close", problem=problem, close=close) if close else problem
        super().__init__(at=at, problem=told, close=close, field=at.field)


class Settings(BaseModel):
    """What is true of one workspace. Paths are absolute; `root` holds flows, runbooks and faq."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    company: str = Field(default="", description="Name shown on the report")
    languages: tuple[Lang, ...] = Field(
        default=LANGUAGES, min_length=1, description="What a reader sees exists in these; the first is the default"
    )
    timezone: str = Field(default="Asia/Tokyo", description="Days, months and schedules are cut here (IANA name)")
    goal: float = Field(default=0.5, gt=0, le=1, description="Share of manual hours to remove, 0.5 = 50%")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in .tema/")
    host: str = Field(default="127.0.0.1", description="Address that `tema up` listens on")
    port: int = Field(default=4200, ge=1, le=65535, description="Port that `tema up` listens on")
    notify: tuple[SecretRef, ...] = Field(
        default=(), description="References to Apprise URLs that hear of failures, e.g. env:TEMA_MAIL_URL"
    )
    channels: dict[str, tuple[SecretRef, ...]] = Field(
        default_factory=dict, description="Channels that `notify` steps name: each a list of references to Apprise URLs"
    )
    monitor_url: str = Field(
        default="",
        pattern=r"^(|https?://[^\s]+|env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00\n]+)$",
        repr=False,
        description="Outside monitor that hears of each watch (Healthchecks' way), or a reference: env:NAME, file:PATH",
    )
    publish_on_change: bool = Field(default=False, description="`tema up` publishes when a file changes")
    idle_minutes: float = Field(
        default=5, ge=1, le=480, description="In checklists, a longer pause counts as this many minutes of work"
    )
    alerts: AlertSettings = Field(default=AlertSettings(), description="Who hears of problems that checks find")
    accounts: AccountsSettings = Field(default=AccountsSettings(), description="Accounts of the people of a roster")
    checks: ChecksSettings = Field(default=ChecksSettings(), description="The morning sheet")
    ledger: LedgerSettings = Field(default=LedgerSettings(), description="Retention, and who gets checkpoints")
    toil: ToilSettings = Field(default=ToilSettings(), description="How months are closed")
    gate: GateSettings = Field(default=GateSettings(), description="Sign-in")
    report: ReportSettings = Field(default=ReportSettings(), description="The monthly report")
    faq: FaqSettings = Field(default=FaqSettings(), description="Who answers what the FAQ does not know")
    mail: MailSettings = Field(default=MailSettings(), description="Mail to people themselves")
    public_url: str = Field(
        default="",
        pattern=r"^(|https?://[^\s]+)$",
        description="Where people reach `tema up`, for links in messages (https://tema.example.jp); its own address by default",
    )
    ssh: SshSettings = Field(default=SshSettings(), description="How hosts are reached by SSH")
    purge_days: int = Field(default=90, ge=1, description="Days that Prefect keeps its own run rows; the ledger is not touched")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError) as error:  # an unknown zone is a KeyError
            raise ValueError(phrase("settings.zone", value=value)) from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days and months are cut."""
        return ZoneInfo(self.timezone)

    @property
    def here(self) -> dict[str, Any]:
        """Where `tema up` of this workspace answers, as templates know it of `localhost`: tema_host, tema_port, tema_url."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  (read, not bound)
        return {"tema_host": host, "tema_port": self.port, "tema_url": f"http://{f'[{host}]' if ':' in host else host}:{self.port}"}

    def page(self, path: str) -> str:
        """The address of one of our pages for a person, e.g. `checks/2026-11-20`."""
        return f"{self.public_url.rstrip('/') or self.here['tema_url']}/tema/{path}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches `host`."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def state_dir(self) -> Path:
        """`.tema/`: the database, checkpoints, Prefect's home and logs of one machine."""
        return self.root / ".tema"

    @property
    def database(self) -> str:
        """The database URL with its default filled in."""
        return self.database_url or f"sqlite:///{self.state_dir / 'temanashi.db'}"

    @property
    def language(self) -> Lang:
        """The default language."""
        return self.languages[0]


def find_workspace(start: Path | None = None) -> Path:
    """The nearest folder at or above `start` (default: `TEMA_WORKSPACE`, else here) with `[tool.temanashi]`; raises NoWorkspace."""
    first = (start or Path(os.environ.get("TEMA_WORKSPACE") or Path.cwd())).resolve()
    for folder in (first, *first.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and "[tool.temanashi]" in file.read_text(encoding="utf-8", errors="replace"):
            return folder
    raise NoWorkspace(first)


def load_settings(root: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the workspace at `root`; raises BadSettings with file, line, field and a suggestion."""
    file = root / "pyproject.toml"
    text, table = _table(file)
    env = os.environ if environ is None else environ
    table |= {name: env[variable] for variable, name in OVERRIDES.items() if env.get(variable)}
    try:
        return Settings.model_validate({**table, "root": root.resolve()})
    except ValidationError as error:
        first = problems_of(error, model=Settings)[0]
        raise BadSettings(
            at=Location(file.name, _line_of(first.loc, text), first.field), problem=first.message, close=first.close
        ) from error


def _line_of(loc: tuple[str | int, ...], text: str) -> int:
    """The line of a key, or of its table `[tool.temanashi.NAME]`; 0 when neither is found."""
    table, found = "", 0
    for number, row in enumerate(text.splitlines(), 1):
        if row.lstrip().startswith("["):
            table = row.strip().strip("[]").removeprefix("tool.temanashi").strip(".")
        words = [*table.split("."), row.split("=")[0].strip()] if table else [row.split("=")[0].strip()]
        if words == [str(part) for part in loc[: len(words)]]:
            return number
        if table and loc[:1] == (table,) and row.lstrip().startswith("["):
            found = number
    return found


def _table(file: Path) -> tuple[str, dict[str, Any]]:
    at = Location(file.name)
    try:
        text = file.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text).get("tool", {}).get("temanashi", {})
    except OSError as error:
        raise BadSettings(at=at, problem=phrase("settings.unreadable", reason=error.strerror or "")) from error
    except UnicodeDecodeError as error:
        raise BadSettings(at=at, problem=phrase("settings.not-utf-8")) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(at=at, problem=phrase("settings.not-toml", problem=str(error))) from error
    except AttributeError:
        table = None
    if not isinstance(table, dict) or "root" in table:
        raise BadSettings(at=at, problem=phrase("settings.not-table"))
    return text, table
