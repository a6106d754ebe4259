"""The settings of a workspace: `[tool.temanashi]` in its `pyproject.toml`, overridden by `TEMA_*` variables."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from temanashi.errors import Location, WorkspaceError
from temanashi.problems import problems_of
from temanashi.secrets import SecretRef
from temanashi.text.local import LANGUAGES, Lang, Phrase, phrase

__all__ = [
    "BadSettings",
    "ChecksSettings",
    "GateSettings",
    "LedgerSettings",
    "NoWorkspace",
    "Settings",
    "SshSettings",
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


class ChecksSettings(BaseModel):
    """`[tool.temanashi.checks]`: the morning sheet of a workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runbooks: tuple[str, ...] = Field(
        default=(), description="Runbooks on the morning sheet; by default every one of category routine with `checks` steps"
    )
    confirm_by: str = Field(
        default="",
        pattern=r"^(|([01][0-9]|2[0-3]):[0-5][0-9])$",
        description="On business days, who hears of failures is reminded at this time of a sheet that nobody confirmed, e.g. 09:00",
    )
    second_person: bool = Field(default=False, description="Another person confirms what the first one confirmed (担当／確認者)")
    summary: str = Field(
        default="",
        description="Channel that gets the sheet in short after scheduled runs: a name of `channels`, or `notify`; empty: nobody",
    )

    @property
    def confirm_time(self) -> time | None:
        """When the reminder is due, in the workspace's time zone."""
        return time.fromisoformat(self.confirm_by) if self.confirm_by else None


class SshSettings(BaseModel):
    """How hosts are reached by SSH (`[tool.temanashi.ssh]`). Files are relative to the workspace; `~` is a home, too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    known_hosts: tuple[str, ...] = Field(
        default=("runbooks/site/known_hosts", "~/.ssh/known_hosts"),
        min_length=1,
        description="Files of known host keys; `tema hosts trust` writes into the first",
    )
    config: str = Field(default="~/.ssh/config", description="OpenSSH client configuration for what the inventory leaves unsaid")
    identity_files: tuple[str, ...] = Field(
        default=(), description="Private keys to sign in with; empty: those of `config`, else the usual ones in ~/.ssh"
    )
    passphrase: SecretRef | None = Field(default=None, description="Reference to the passphrase of the private keys")
    agent: bool = Field(default=True, description="Ask the agent of SSH_AUTH_SOCK for keys")
    connect_timeout: float = Field(default=10, gt=0, le=300, description="Seconds to connect and sign in, for each host on the way")
    sweep_timeout: float = Field(default=300, gt=0, le=86_400, description="Seconds for all checks of one host together")
    idle_seconds: float = Field(default=60, ge=0, le=86_400, description="An unused connection is kept this long; 0: not at all")
    processes: int = Field(default=1, ge=1, le=64, description="Processes that share the work of a sweep over very many hosts")


class PagerDutySettings(BaseModel):
    """A PagerDuty service that gets alerts (Events API v2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    routing_key: SecretRef = Field(description="Reference to the integration key of the service, e.g. env:PAGERDUTY_KEY")
    url: str = Field(
        default="https://events.pagerduty.com",
        pattern=r"^https?://[^\s]+$",
        description="Where events go; EU: events.eu.pagerduty.com",
    )


class WebhookSettings(BaseModel):
    """A receiver of Alertmanager's webhook (version 4)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        pattern=r"^(https?://[^\s]+|env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00\n]+|prefect:[a-z0-9][a-z0-9-]*)$",
        repr=False,
        description="Its address, or a reference where the address itself is a secret",
    )
    authorization: SecretRef | None = Field(default=None, description="Reference to the value of the Authorization header")


class AlertSettings(BaseModel):
    """`[tool.temanashi.alerts]`: who hears of problems that checks find, besides `notify`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdicts: tuple[Literal["CRITICAL", "UNKNOWN", "WARNING"], ...] = Field(
        default=("CRITICAL", "UNKNOWN", "WARNING"), min_length=1, description="How bad a check must be for an alert"
    )
    notify: bool = Field(default=True, description="The addresses of `notify` hear of alerts too: one message a run")
    pagerduty: PagerDutySettings | None = Field(default=None, description="PagerDuty, Events API v2")
    webhooks: dict[str, WebhookSettings] = Field(default_factory=dict, description="Receivers of Alertmanager's webhook, by name")


class LedgerSettings(BaseModel):
    """`[tool.temanashi.ledger]`: how long bodies of records are kept, and who hears of each day's checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retention: str = Field(
        default="10y",
        pattern=r"^[1-9][0-9]{0,3}[yd]$",
        description="How long bodies of records stay at least: years (10y) or days (400d)",
    )
    auditors: tuple[SecretRef, ...] = Field(
        default=(), description="References to Apprise URLs that get each day's signed checkpoint, e.g. env:TEMA_AUDITOR_MAIL"
    )

    def kept_since(self, now: datetime) -> datetime:
        """Bodies recorded at this moment or later may not be pruned."""
        number, unit = int(self.retention[:-1]), self.retention[-1]
        if unit == "d":
            return now - min(timedelta(days=number), now - datetime.min.replace(tzinfo=UTC))
        year = max(now.year - number, 1)
        # The 29th of February has no anniversary in most years: the day before keeps longer.
        day = 28 if (now.month, now.day) == (2, 29) else now.day
        return now.replace(year=year, day=day)


class GateSettings(BaseModel):
    """`[tool.temanashi.gate]`: who may come in, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sign_in: bool = Field(default=True, description="People sign in; false only where `host` is this machine alone (127.0.0.1)")
    idle_minutes: int = Field(default=60, ge=5, le=1440, description="A session that nobody used for so long has ended")
    session_hours: int = Field(default=12, ge=1, le=168, description="A session ends after so long, used or not")


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
    checks: ChecksSettings = Field(default=ChecksSettings(), description="The morning sheet")
    ledger: LedgerSettings = Field(default=LedgerSettings(), description="Retention, and who gets checkpoints")
    gate: GateSettings = Field(default=GateSettings(), description="Sign-in")
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
