"""`approve:` and `allow:` of a runbook as data: who must approve, until when, who hears of it when nobody does, who may run."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from temanashi.people import AUTOMATIC, Who
from temanashi.text.local import phrase

__all__ = ["NEXT_BUSINESS_DAY", "Allow", "Approval", "Escalation", "Expiry", "approval_of"]

NEXT_BUSINESS_DAY = "next_business_day"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expiry(_Frozen):
    """When an approval that nobody gave is refused: after so many hours, or at the end of the nth business day."""

    hours: PositiveFloat | None = Field(default=None, le=24 * 366)
    business_days: PositiveInt | None = Field(default=None, le=60)

    @model_validator(mode="after")
    def _one_of_them(self) -> Expiry:
        if (self.hours is None) == (self.business_days is None):
            raise ValueError(phrase("approvals.expiry-one"))
        return self


def _expiry(value: Any) -> Any:
    return {"business_days": 1} if value == NEXT_BUSINESS_DAY else value


class Escalation(_Frozen):
    """Who is told, and may approve too, when an approval was not given for so many hours."""

    after_hours: PositiveFloat = Field(le=24 * 366)
    to: Who = Field(min_length=1, description="`group:board`, or a list of people and groups")


def _approval(value: Any) -> Any:
    return {"by": value} if isinstance(value, (str, list)) else value


class Approval(_Frozen):
    """Who must approve before anything is changed. Whoever asked, and for whom it is done, never may."""

    by: Who = Field(min_length=1, description="`group:ops-leads`, or a list of people and groups")
    count: int = Field(default=1, ge=1, le=9, description="So many different people")
    expires: Annotated[Expiry, BeforeValidator(_expiry)] = Field(
        default=Expiry(business_days=1),
        description="`next_business_day` (its end), `{business_days: 3}` or `{hours: 4}`; silence refuses",
    )
    escalate: Escalation | None = None
    emergency: Who = Field(
        default=("role:emergency",), description="Who may run it at once with a reason, and have it approved afterwards"
    )


approval_of = BeforeValidator(_approval)
"""`approve: group:ops-leads` is short for `approve: {by: group:ops-leads}`."""

Allow = Annotated[Who, Field(min_length=1, description=f"Who may run it: people, groups, and {', '.join(AUTOMATIC)}")]
