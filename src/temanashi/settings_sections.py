"""The sections of a workspace's settings: `[tool.temanashi.checks]`, `.ssh`, `.alerts`, `.ledger`, `.gate`."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from temanashi.secrets import SecretRef
from temanashi.settings_directories import LdapSettings, OidcSettings

__all__ = [
    "AccountsSettings",
    "AlertSettings",
    "ChecksSettings",
    "FaqSettings",
    "GateSettings",
    "LedgerSettings",
    "MailSettings",
    "PagerDutySettings",
    "ReportSettings",
    "SshSettings",
    "TlsSettings",
    "ToilSettings",
    "WebhookSettings",
]


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


class AccountsSettings(BaseModel):
    """`[tool.temanashi.accounts]`: people whose accounts come from a roster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people_per_run: int = Field(
        default=50, ge=1, le=500, description="One run from a roster (人事異動) changes so many people at most"
    )


class ReportSettings(BaseModel):
    """`[tool.temanashi.report]`: the monthly report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours_per_day: float = Field(default=8, gt=0, le=24, description="Hours of a person-day (人日)")
    days_per_month: float = Field(default=20, gt=0, le=31, description="Person-days of a person-month (人月)")
    summary: str = Field(
        default="", description="Channel that gets each month in short: a name of `channels`, or `notify`; empty: nobody"
    )
    summary_business_day: int = Field(
        default=4, ge=1, le=20, description="It goes out on this business day of the next month (4: the fourth), from 09:00"
    )


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


class ToilSettings(BaseModel):
    """`[tool.temanashi.toil]`: how months of the toil account are closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    close_business_day: int = Field(
        default=3, ge=1, le=20, description="A month is to be closed by this business day of the next one (3: the third)"
    )


class TlsSettings(BaseModel):
    """`[tool.temanashi.gate.tls]`: an encrypted address for other machines. The plain one stays for programs of this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificate: str = Field(min_length=1, description="File of the certificate and its chain, PEM; relative to the workspace")
    key: str = Field(min_length=1, description="File of its private key, PEM, without a passphrase")
    host: str = Field(default="0.0.0.0", min_length=1, description="Address to listen on")  # noqa: S104  (that is what it is for)
    port: int = Field(default=4443, ge=1, le=65535, description="Port to listen on; 443 needs the right to bind it")


class GateSettings(BaseModel):
    """`[tool.temanashi.gate]`: who may come in, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sign_in: bool = Field(default=True, description="People sign in; without it `host` must be this machine alone (127.0.0.1)")
    idle_minutes: int = Field(default=60, ge=5, le=1440, description="A session that nobody used for so long has ended")
    proxies: tuple[str, ...] = Field(
        default=(), description="Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"
    )
    session_hours: int = Field(default=12, ge=1, le=168, description="A session ends after so long, used or not")
    tls: TlsSettings | None = Field(default=None, description="An encrypted address for other machines")
    oidc: OidcSettings | None = Field(default=None, description="Sign-in with the company's accounts (OpenID Connect)")
    ldap: LdapSettings | None = Field(default=None, description="Sign-in with the password of an LDAP directory")


class MailSettings(BaseModel):
    """`[tool.temanashi.mail]`: mail to people themselves, at the address that people.yaml has of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: SecretRef | None = Field(
        default=None,
        description="Reference to an Apprise mail URL without `to`: mailtos://USER:PASSWORD@SERVER?from=ADDRESS; none: no mail",
    )
    results: bool = Field(default=True, description="Whoever asked for a run hears how it ended, and when it waits for them")
    approvals: bool = Field(default=True, description="Approvers hear of a plan that waits for them, with links that work once")


class FaqSettings(BaseModel):
    """`[tool.temanashi.faq]`: who answers what the FAQ does not know, and where that is counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hand_over: str = Field(
        default="",
        max_length=90,
        description="Who answers where no entry says so: a person or group:NAME of people.yaml, or a channel; none: operators",
    )
    task: str = Field(
        default="answer-inquiry",
        max_length=80,
        description="The task that an answered inquiry is an occasion of, as runbooks name it",
    )
    digest_weekday: int = Field(default=1, ge=1, le=7, description="The day of the weekly word to owners of entries (1: Monday)")
    remind_days: int = Field(default=14, ge=1, le=180, description="So many days before an entry's last day its owner is reminded")
