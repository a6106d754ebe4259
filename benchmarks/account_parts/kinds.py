"""The same changes in the words of both: what is there before, our wish, and the tasks of Ansible's modules."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

__all__ = ["GROUPS", "SECRET", "Kind", "kinds"]

GROUPS = ("alpha", "beta", "gamma")
"""Groups that both hosts have before."""

HASH = "$6$salt$" + "x" * 86
SECRET = "One-time-secret-9"
END = date(2035, 4, 1)
END_SECONDS = int(datetime(END.year, END.month, END.day, tzinfo=UTC).timestamp())


def _key(number: int) -> str:
    blob = base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + bytes([number]) * 32).decode()
    return f"ssh-ed25519 {blob} key{number}"


ONE, TWO, THREE = _key(1), _key(2), _key(3)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`before`: the account as made on both hosts with their own tools; None: there is none. `keys`: lines that open it then."""

    name: str
    login: str
    ours: dict[str, Any]
    tasks: tuple[dict[str, Any], ...]
    before: tuple[str, ...] | None = ()
    keys: tuple[str, ...] = ()
    on_host: dict[str, Any] = field(default_factory=dict)
    secret: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is one call of one module of Ansible, the fair case."""
        return len(self.tasks) == 1


def _user(login: str, **more: Any) -> dict[str, Any]:
    return {"ansible.builtin.user": {"name": login, **more}}


def _keys(login: str, *lines: str) -> tuple[dict[str, Any], ...]:
    folder = f"/home/{login}/.ssh"
    return (
        {"ansible.builtin.file": {"path": folder, "state": "directory", "owner": login, "group": login, "mode": "0700"}},
        {
            "ansible.builtin.copy": {
                "dest": f"{folder}/authorized_keys",
                "content": "".join(f"{line}\n" for line in lines),
                "owner": login,
                "group": login,
                "mode": "0600",
            }
        },
    )


def _line(login: str, line: str, state: str) -> dict[str, Any]:
    file = {"path": f"/home/{login}/.ssh/authorized_keys", "owner": login, "group": login, "mode": "0600"}
    return {"ansible.builtin.lineinfile": {**file, "line": line, "state": state}}


def _away(login: str) -> dict[str, Any]:
    move = "mv authorized_keys authorized_keys.temanashi-aside"
    return {"ansible.builtin.shell": {"cmd": move, "chdir": f"/home/{login}/.ssh"}}


def kinds(tag: str, fingerprints: Any) -> Iterator[Kind]:
    """Every kind of change, each with a login of its own; `tag` tells rounds apart. `fingerprints` makes one of a line."""
    bash, nologin = "/bin/bash", "/usr/sbin/nologin"

    def kind(name: str, do: str, tasks: Any, ours: dict[str, Any] | None = None, **more: Any) -> Kind:
        login = f"{name.replace(' ', '-')[:20]}{tag}"
        return Kind(name=name, login=login, ours={"do": do, **(ours or {})}, tasks=tuple(tasks(login)), **more)

    yield kind("open", "join", lambda u: [_user(u, shell=bash)], {"shell": bash}, before=None)
    yield kind(
        "open full",
        "join",
        lambda u: [_user(u, comment="山田 花子", shell=bash, groups=["alpha", "beta"], expires=END_SECONDS)],
        {"name": "山田 花子", "shell": bash, "groups": ["alpha", "beta"], "expires_on": END},
        before=None,
    )
    number, home = 50000 + 1000 * int(tag), f"/home/place{tag}"
    yield kind(
        "open numbered",
        "join",
        lambda u: [_user(u, uid=number, home=home, group="gamma", shell=bash)],
        {"shell": bash},
        before=None,
        on_host={"uid": number, "home": home, "primary_group": "gamma"},
    )
    made = f"made{tag}"
    yield kind(
        "group",
        "set",
        lambda u: [{"ansible.builtin.group": {"name": made}}, _user(u, groups=[made], append=True)],
        {"groups": [made]},
        on_host={"create_groups": True},
    )
    yield kind("comment", "set", lambda u: [_user(u, comment="佐藤 次郎 🌸")], {"name": "佐藤 次郎 🌸"})
    yield kind("shell", "set", lambda u: [_user(u, shell=bash)], {"shell": bash})
    more = {"groups": ["beta"]}
    yield kind("add group", "set", lambda u: [_user(u, groups=["beta"], append=True)], more, before=("-G", "alpha"))
    yield kind(
        "exact groups",
        "set",
        lambda u: [_user(u, groups=["beta"], append=False)],
        more,
        before=("-G", "alpha,gamma"),
        on_host={"exact_groups": True},
    )
    yield kind(
        "leave group",
        "set",
        lambda u: [_user(u, groups=["gamma"], append=False)],
        {"not_groups": ["alpha"]},
        before=("-G", "alpha,gamma"),
    )
    yield kind("first group", "set", lambda u: [_user(u, group="gamma")], on_host={"primary_group": "gamma"})
    yield kind("expiry", "set", lambda u: [_user(u, expires=END_SECONDS)], {"expires_on": END})
    yield kind("no expiry", "set", lambda u: [_user(u, expires=-1)], {"expires_on": "never"}, before=("-e", "2036-01-01"))
    yield kind("unlock", "unlock", lambda u: [_user(u, password_lock=False)], before=("-p", "!" + HASH))
    yield kind(
        "close",
        "disable",
        lambda u: [_user(u, password_lock=True, expires=86400, shell=nologin), _away(u)],
        before=("-p", HASH),
        keys=(ONE,),
    )
    yield kind(
        "open again",
        "enable",
        lambda u: [_user(u, password_lock=False, expires=-1, shell=bash)],
        {"shell": bash},
        before=("-p", "!" + HASH, "-e", "1970-01-02", "-s", nologin),
    )
    yield kind("first keys", "set", lambda u: _keys(u, ONE, TWO), {"keys": (ONE, TWO)})
    yield kind("other keys", "set", lambda u: _keys(u, THREE), {"keys": (THREE,)}, keys=(ONE, TWO))
    yield kind(
        "rotate key",
        "set",
        lambda u: [_line(u, THREE, "present"), _line(u, ONE, "absent")],
        keys=(ONE, TWO),
        on_host={"add_keys": (THREE,), "drop_keys": (fingerprints(ONE),)},
    )
    yield kind(
        "reset",
        "reset",
        lambda u: [_user(u, password=HASH + "new"), {"ansible.builtin.command": {"argv": ["chage", "-d", "0", u]}}],
        before=("-p", HASH),
        secret=True,
    )
    yield kind(
        "nothing",
        "set",
        lambda u: [_user(u, comment="同じ", shell="/bin/sh")],
        {"name": "同じ", "shell": "/bin/sh"},
        before=("-c", "同じ"),
    )
