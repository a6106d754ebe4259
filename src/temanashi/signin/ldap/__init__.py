"""Sign-in with the password of an LDAP directory: found by a search, proven by a bind, over verified TLS only."""

from temanashi.signin.ldap.directory import Ldap

__all__ = ["Ldap"]
