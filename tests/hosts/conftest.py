"""A real SSH server for the transport."""

from fixtures_sshd import sshd, sshd_factory

__all__ = ["sshd", "sshd_factory"]
