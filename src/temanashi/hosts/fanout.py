"""One job on many hosts at once: one value a host, whatever happened on the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from temanashi.errors import TargetError, TemanashiError

__all__ = ["JobFailed", "fan_out"]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


H = TypeVar("H", bound=_Named)
T = TypeVar("T")


class JobFailed(TargetError):
    """A job stopped on a host with an error that nobody foresaw."""

    key = "hosts.job-failed"

    def __init__(self, host: str, error: BaseException) -> None:
        super().__init__(host=host, name=type(error).__name__, detail=str(error)[:500])


def fan_out(hosts: Iterable[H], job: Callable[[H], T], *, workers: int = 32) -> dict[str, T | TemanashiError]:
    """`job(host)` for each host, at most `workers` at a time: its result or its error by host name, in the order given."""
    chosen = tuple(hosts)
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(chosen)))) as pool:
        futures = {host.name: pool.submit(_tried, job, host) for host in chosen}
        try:
            return {name: future.result() for name, future in futures.items()}
        except BaseException:
            for future in futures.values():
                future.cancel()
            raise


def _tried(job: Callable[[H], T], host: H) -> T | TemanashiError:
    try:
        return job(host)
    except TemanashiError as error:
        return error
    except Exception as error:  # noqa: BLE001  (a failure is a value; one host's surprise must not hide the others' results)
        return JobFailed(host.name, error)
