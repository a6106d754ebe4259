"""What keeps a baseline version from being frozen."""

from __future__ import annotations

from temanashi.errors import InputError

__all__ = ["NoWaitingBaseline", "NothingToFreeze", "OwnBaseline", "RefusedWithoutReason"]


class NothingToFreeze(InputError):
    """No task of the census is ready, or all that are ready are signed as they are."""

    key = "census.nothing-to-freeze"

    def __init__(self, *, lacking: int) -> None:
        super().__init__(lacking=lacking)


class NoWaitingBaseline(InputError):
    """No prepared baseline version waits for a second person."""

    key = "census.none-waits"


class OwnBaseline(InputError):
    """Who prepared a baseline version cannot confirm it."""

    key = "census.own-baseline"

    def __init__(self, number: int, actor: str) -> None:
        super().__init__(number=number, actor=actor)


class RefusedWithoutReason(InputError):
    """A baseline version is refused without a reason."""

    key = "census.refused-without-reason"
