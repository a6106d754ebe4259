"""A Linux host with real shadow tools, and the directory of its accounts."""

from types import SimpleNamespace

import pytest

import fixtures_accounts_slapd
import fixtures_linuxhost
import fixtures_samba_ad
import fixtures_scim
from temanashi.accounts.directories.linux import KIND, program
from temanashi.accounts.directory import Reached
from temanashi.accounts.model import Scope
from temanashi.accounts.wishes import Wish
from temanashi.clock import SystemClock

linuxhost = fixtures_linuxhost.linuxhost
scim_gate, scim_server = fixtures_scim.scim_gate, fixtures_scim.scim_server
scim_plain_gate, scim_plain = fixtures_scim.scim_plain_gate, fixtures_scim.scim_plain
accounts_slapd = fixtures_accounts_slapd.accounts_slapd
samba_ad = fixtures_samba_ad.samba_ad


@pytest.fixture(scope="session")
def linux(linuxhost):
    """The directory of the host, reached by SSH; `done(do, login, ...)` reads, plans and applies as an engine would."""
    with linuxhost.reach() as reach:
        transport = reach.transport(linuxhost.host())
        directory = KIND.open(Reached(where="linux1", transport=transport, timeout=60, clock=SystemClock()))

        def done(do, login, *, secret=None, **more):
            wish = Wish(do=do, login=login, **more)
            seen = directory.read(Scope(logins=(login,)))
            changes = directory.plan(wish, seen)
            after = directory.apply(wish, changes, seen, secret=secret) if changes else seen
            return [change.field for change in changes], after.account(login)

        yield SimpleNamespace(directory=directory, transport=transport, done=done, wish=Wish, program=program)
