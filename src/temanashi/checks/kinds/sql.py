"""`sql`: a value or a number of rows in a database, which is opened so that nothing can be written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from temanashi.changes import Verdict
from temanashi.checks.json_values import Wanted, holds
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.sql_text import filled_for, reading
from temanashi.checks.wording import expected, limit, number
from temanashi.hosts.command import Command
from temanashi.secrets import SecretRef
from temanashi.text.local import phrase

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

__all__ = ["KIND", "SqlSpec"]

_SCHEMES = ("postgresql", "postgresql+psycopg", "postgres")
_FILE = "sqlite:////"
_QUERY = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "target_session_attrs"})


def _database(value: str) -> str:
    if value.startswith("sqlite:"):
        if not value.startswith(_FILE) or "?" in value:
            raise ValueError(phrase("checks.sql-file"))
        return value
    parts = urlsplit(value)
    if parts.scheme not in _SCHEMES:
        raise ValueError(phrase("checks.sql-scheme", scheme=parts.scheme or value[:20]))
    if ":" in parts.netloc.rpartition("@")[0] or "password" in dict(parse_qsl(parts.query)):
        raise ValueError(phrase("checks.sql-password"))
    if other := sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - _QUERY):
        raise ValueError(phrase("checks.sql-option", names=other, known=sorted(_QUERY)))
    return value


DatabaseUrl = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=1000), AfterValidator(_database)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(reading)]
Value = str | int | float | bool | None


class SqlSpec(ThresholdSpec):
    """One statement that reads, in SQLite or PostgreSQL. What cannot be asked, NULL, no row and two rows are UNKNOWN.

    Metric: value, the first column of the only row, or the number of rows.
    """

    kind: Literal["sql"]
    url: DatabaseUrl = Field(description="postgresql://user@host:5432/name or sqlite:////file, without a password")
    password: SecretRef | None = Field(default=None, description="Where the password is: env:NAME, file:PATH or prefect:BLOCK")
    query: Query = Field(description="One SELECT; :name stands for a value of params")
    params: dict[str, Value] = Field(default_factory=dict, max_length=50, description="Values for the :names of the query")
    measure: Literal["value", "rows"] = Field(default="value", description="What is judged: the value, or how many rows there are")
    expect: Wanted | None = Field(default=None, description="What the value must be: a value, or {one_of, matches, at_least, ...}")
    unit: str = Field(default="", max_length=20, description="Unit of the number, for readers")

    @model_validator(mode="after")
    def _says_what_is_good(self) -> SqlSpec:
        filled_for(self.query, self.params, percent=False)
        if self.expect is None and self.warn is None and self.crit is None and not self.by_time:
            raise ValueError(phrase("checks.sql-nothing-to-judge"))
        return self

    @property
    def place(self) -> str:
        """The database as it may be told."""
        parts = urlsplit(self.url)
        return self.file or f"{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def file(self) -> str:
        """The path of a SQLite file, as it stands; empty for a server."""
        return self.url[len(_FILE) - 1 :] if self.url.startswith(_FILE) else ""


class _Sql:
    name = "sql"
    spec = SqlSpec

    def commands(self, _spec: SqlSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: SqlSpec, given: Given, /) -> Observation:
        from temanashi.checks.sql_asking import SqlFailed, ask_sql  # noqa: PLC0415  (only who asks pays for SQLAlchemy)

        password = given.means.secret(spec.password) if spec.password else ""
        counting = spec.measure == "rows"
        try:
            rows = ask_sql(
                _url(spec),
                spec.query,
                spec.params,
                count=counting,
                timeout=spec.timeout,
                clock=given.clock,
                password=password,
            )
        except SqlFailed as error:
            return Observation(problem=phrase("checks.sql-unmeasured", place=spec.place, why=error.reason))
        if len(rows) != 1:
            key = "checks.sql-rows" if rows else "checks.sql-no-row"
            return Observation(problem=phrase(key, place=spec.place))
        value = rows[0][0]
        if isinstance(value, float) and not math.isfinite(value):
            value = str(value)
        if value is None:
            return Observation(problem=phrase("checks.sql-null", place=spec.place))
        return Observation(facts={"value": value, "holds": spec.expect is None or holds(spec.expect, value)})

    def judge(self, spec: SqlSpec, facts: Mapping[str, Any], /) -> Judgement:
        value = facts["value"]
        observed = f"{number(value) if _is_number(value) else value}{spec.unit}"
        if not facts["holds"]:
            wanted = "" if spec.expect is None else str(spec.expect.model_dump(mode="json", by_alias=True))
            reason = phrase("checks.sql-other", place=spec.place, value=observed[:200], wanted=wanted)
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected=wanted, observed=observed[:200])
        name = "rows" if spec.measure == "rows" else "value"
        metric = Metric(name=name, value=_number(value), unit=spec.unit, warn=spec.warn, crit=spec.crit)
        if spec.warn is None and spec.crit is None:
            reason = phrase("checks.sql-as-expected", place=spec.place, value=observed[:200])
            metrics = (metric,) if metric.value is not None else ()
            return Judgement(verdict=Verdict.OK, reason=reason, metrics=metrics, observed=observed[:200])
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        key = "checks.sql-rows-counted" if spec.measure == "rows" else "checks.sql-value"
        key = "checks.sql-no-number" if metric.value is None else key
        reason = phrase(key, place=spec.place, value=observed[:200], limit=limit(metric, verdict))
        return Judgement(verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=observed[:200])


def _url(spec: SqlSpec) -> URL:
    from sqlalchemy.engine import URL, make_url  # noqa: PLC0415  (see observe)

    if spec.file:
        return URL.create("sqlite", database=spec.file)
    return make_url(spec.url.replace("postgres://", "postgresql://", 1))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any) -> float | None:
    return float(value) if _is_number(value) else None


KIND = _Sql()
