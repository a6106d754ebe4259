"""What an `accounts` step says of hosts alone: number, folder, first group, groups that are made, single keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from temanashi.accounts.faults import BadAccountValue
from temanashi.accounts.host_wishes import HostWish
from temanashi.accounts.names import check_home, check_key, check_name, check_uid, fingerprint_of
from temanashi.text.local import phrase

__all__ = ["HostSpec", "host_wish"]


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Lines = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


class HostSpec(BaseModel):
    """`on_host: {add_keys: "{{ params.new_key }}", drop_keys: "{{ params.old_key }}"}`: what only accounts of hosts have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uid: int | str | None = Field(default=None, description="Number of a new account; a template")
    home: str | None = Field(default=None, max_length=400, description="Folder of a new account; a template")
    primary_group: str | None = Field(default=None, max_length=200, description="First group; a template")
    exact_groups: bool = Field(default=False, description="In no other groups than those of this step and its roles")
    create_groups: bool = Field(default=False, description="Make groups that the host lacks")
    add_keys: Lines = Field(default=(), description="Public keys, whole lines, besides those that are there; templates")
    drop_keys: Lines = Field(
        default=(),
        description="Keys to take away, as lines or fingerprints (SHA256:...); together with add_keys only after the new one was "
        "found to be in its place; templates",
    )


def host_wish(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """The wish of these values, as JSON; None where nothing is said. Raises BadAccountValue."""
    if given is None:
        return None
    added, dropped = (
        [line for text in given[name] for line in str(text).splitlines() if line.strip()] for name in ("add_keys", "drop_keys")
    )
    keys, gone = [check_key(line) for line in added], [fingerprint_of(line) for line in dropped]
    if both := {fingerprint_of(line) for line in keys} & {*gone}:
        raise BadAccountValue(min(both), phrase("accounts.same-key"))
    return HostWish(
        uid=_if(given["uid"], check_uid),
        home=_if(given["home"], check_home),
        primary_group=_if(given["primary_group"], check_name),
        exact_groups=given["exact_groups"],
        create_groups=given["create_groups"],
        add_keys=tuple(keys),
        drop_keys=tuple(gone),
    ).model_dump(mode="json")


def _if(value: Any, check: Any) -> Any:
    return check(str(value)) if value not in {None, ""} else None
