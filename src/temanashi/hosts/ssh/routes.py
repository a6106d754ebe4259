"""The way to a host: every machine on it with the address, account and keys to use, from the inventory and ssh_config."""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from temanashi.hosts.inventory import Host
from temanashi.hosts.ssh.client_config import ClientConfig, Options
from temanashi.hosts.ssh.faults import JumpFailed
from temanashi.hosts.ssh.known_hosts import SSH_PORT
from temanashi.text.local import phrase

__all__ = ["Endpoint", "Route", "route_to"]

JUMP = re.compile(r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>\d{1,5}))?/?")
LONGEST = 16


@dataclass(frozen=True)
class Endpoint:
    """One machine to sign in to. `password` is a reference; `alias` is what known_hosts calls it, when that is not its address."""

    name: str
    address: str
    port: int
    user: str
    alias: str = ""
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    identities_only: bool = False
    password: str | None = None


Route = tuple[Endpoint, ...]
"""The machines on the way, nearest first; the last is the host itself. It is also what a kept connection is found by."""


def route_to(host: Host, config: ClientConfig) -> Route:
    """The way to a host. What the inventory says wins; ssh_config is asked under the host's name, then under its address."""
    if host.jump and not host.hops:  # the inventory could not say the way
        raise JumpFailed(host.name, host.jump[0], phrase("hosts.jump-astray", jump=host.jump))
    hops = (*host.hops, host)
    first, options = _known(hops[0], config)
    before = _jumps(options.proxy_jump, config, towards=host.name, passed=(hops[0].name,))
    return (*before, first, *(_known(hop, config)[0] for hop in hops[1:]))


def _known(host: Host, config: ClientConfig) -> tuple[Endpoint, Options]:
    options = config.options(host.name, user=host.user or "")
    address = host.address
    if host.address in {"", host.name}:
        address = options.hostname or host.name
    else:
        options = _merged(options, config.options(host.address, user=host.user or options.user))
    return _endpoint(host.name, address, host.port, host.user or "", options, password=host.password), options


def _merged(options: Options, more: Options) -> Options:
    return replace(
        options,
        user=options.user or more.user,
        port=options.port or more.port,
        alias=options.alias or more.alias,
        proxy_jump=options.proxy_jump or more.proxy_jump,
        identity_files=tuple(dict.fromkeys((*options.identity_files, *more.identity_files))),
        certificate_files=tuple(dict.fromkeys((*options.certificate_files, *more.certificate_files))),
        identities_only=options.identities_only or more.identities_only,
    )


def _endpoint(name: str, address: str, port: int, user: str, options: Options, *, password: str | None = None) -> Endpoint:
    return Endpoint(
        name=name,
        address=address,
        port=port if port != SSH_PORT else options.port or SSH_PORT,
        user=user or options.user or getpass.getuser(),
        alias=options.alias,
        identity_files=options.identity_files,
        certificate_files=options.certificate_files,
        identities_only=options.identities_only,
        password=password,
    )


def _jumps(written: str, config: ClientConfig, *, towards: str, passed: Sequence[str]) -> Route:
    """The machines of `ProxyJump a,user@b:2222`. Only the first may have a ProxyJump of its own."""
    route: Route = ()
    for word in [] if written.lower() in {"", "none"} else written.split(","):
        found = JUMP.fullmatch(word)
        name = found["host"].strip("[]") if found else word
        if found is None or name in passed or len(passed) > LONGEST:
            raise JumpFailed(towards, name, phrase("hosts.jump-loop", host=towards, way=[*passed, name]))
        options = config.options(name, user=found["user"] or "")
        if not route:
            route = _jumps(options.proxy_jump, config, towards=towards, passed=(*passed, name))
        hop = _endpoint(name, options.hostname or name, int(found["port"] or SSH_PORT), found["user"] or "", options)
        route = (*route, hop)
    return route
