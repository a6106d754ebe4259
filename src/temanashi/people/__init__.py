"""Who acts, and who is who: actors as the record names them, and the people, groups and roles of `runbooks/site/people.yaml`."""

from temanashi.people.actors import Actor, Assurance, Channel, current_actor
from temanashi.people.directory import AUTOMATIC, ROLES, Deputy, People, Person, Role, Who, folded, missing_words

__all__ = [
    "AUTOMATIC",
    "ROLES",
    "Actor",
    "Assurance",
    "Channel",
    "Deputy",
    "People",
    "Person",
    "Role",
    "Who",
    "current_actor",
    "folded",
    "missing_words",
]
