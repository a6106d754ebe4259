"""What keeps a host from changing an account although it would; all of it can be run again.

TargetError > AccountRefused > AccountFilesBusy, AccountFilesStuck, ToolMissing
"""

from __future__ import annotations

from temanashi.accounts.faults import AccountRefused

__all__ = ["AccountFilesBusy", "AccountFilesStuck", "ToolMissing"]


class AccountFilesBusy(AccountRefused):
    """Another program holds the account files; it was tried again for some seconds."""

    key = "accounts.busy"


class AccountFilesStuck(AccountRefused):
    """The account files cannot be written: the disk is full, or mounted read-only."""

    key = "accounts.stuck"


class ToolMissing(AccountRefused):
    """A tool that the change takes is not installed there; nothing was touched. `detail` is its name."""

    key = "accounts.tool-missing"
