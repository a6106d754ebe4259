"""What says who may run or approve changes by two people; so does who belongs to which group."""

import pytest

from temanashi.clock import SystemClock
from temanashi.people import Actor
from temanashi.workspace.publishing import SamePerson, approve_publication, publish

PEOPLE = "people:\n  yamada: {name: 山田 花子, os: yamada-adm}\n  sato: {name: 佐藤}\ngroups:\n  leads: [yamada, sato]\n"
YAMADA, SATO = Actor(name="yamada"), Actor(name="sato")


@pytest.fixture
def place(folder, tmp_path):
    from temanashi.ledger.database import open_database
    from temanashi.ledger.ledger import Ledger

    clock = SystemClock()
    database = open_database(f"sqlite:///{tmp_path / 'l.db'}", clock=clock)
    folder.write("runbooks/site/people.yaml", PEOPLE)
    folder.runbook("guarded", more="approve: group:leads\n")
    folder.runbook("kept", more="allow: group:leads\n")
    folder.runbook("free")

    def publish_now(actor=YAMADA):
        return publish(database, Ledger(database, clock=clock), folder.load(), actor=actor, clock=clock)

    def approve(number, actor):
        return approve_publication(database, Ledger(database, clock=clock), number, actor=actor, clock=clock)

    folder.publish, folder.approve = publish_now, approve
    yield folder
    database.close()


def test_the_first_publication_needs_nobody_else(place):
    assert place.publish().status == "live"


@pytest.mark.parametrize("name", ["guarded", "kept"])
def test_taking_the_approval_out_of_a_runbook_takes_two(place, name):
    place.publish()
    place.runbook(name)
    made = place.publish()
    assert (made.status, made.needs_second) == ("pending", (name,))
    assert place.approve(made.number, SATO).status == "live"


def test_changing_a_group_takes_two_where_anything_is_approved(place):
    place.publish()
    place.write("runbooks/site/people.yaml", PEOPLE.replace("[yamada, sato]", "[yamada]"))
    made = place.publish()
    assert (made.status, made.needs_second) == ("pending", ("runbooks/site/people.yaml",))


def test_the_first_people_are_listed_by_one_person_alone(place):
    place.write("runbooks/site/people.yaml", "people:\n  approver: {name: approver}\ngroups:\n  leads: [approver]\n")
    place.publish()
    place.write("runbooks/site/people.yaml", PEOPLE)
    assert place.publish().status == "live"
    place.runbook("guarded")
    assert place.publish().status == "pending"


def test_removing_and_adding_again_is_no_way_round(place):
    place.publish()
    (place.root / "runbooks/routine/guarded.yaml").unlink()
    assert place.publish().status == "live"
    place.runbook("guarded")
    assert place.publish().status == "pending"


def test_what_guards_nothing_changes_as_before(place):
    place.publish()
    place.runbook("free", more="privileged: false\n")
    assert place.publish().status == "live"


@pytest.mark.parametrize("actor", [Actor(name="山田花子"), Actor(name="ＹＡＭＡＤＡ"), Actor(name="sato", account="yamada-adm")])
def test_the_author_is_the_same_person_under_every_name_they_have(place, actor):
    place.publish()
    place.runbook("guarded")
    made = place.publish()
    with pytest.raises(SamePerson):
        place.approve(made.number, actor)
