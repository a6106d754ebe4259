from datetime import timedelta

import pytest

from signin.conftest import PASSWORD, YAMADA
from temanashi.signin.faults import NoSuchToken, UnknownScope
from temanashi.signin.recognising import of_session, of_token, uuid_of
from temanashi.signin.signing_in import sign_in
from temanashi.signin.tables import TOKENS
from temanashi.signin.tokens import list_tokens, make_token, revoke_token, scope_named
from temanashi.signin.users import disable_user, set_password


@pytest.fixture
def make(book):
    def make(user="yamada", *scopes, until=None):
        with book.database.transaction() as connection:
            more = {"user": user, "scopes": scopes, "until": until, "actor": YAMADA, "channel": "cli"}
            return make_token(book, connection, "a script", **more)

    return make


@pytest.fixture
def who(book, people):
    def who(secret):
        with book.database.reading() as connection:
            return of_token(connection, secret, people=people, now=book.now(), today=book.now())

    return who


def test_a_token_acts_as_its_person_within_its_scopes(add, make, who):
    add("sato")
    found = who(make("sato", "read")[1])
    assert (found.user, found.actor.name, found.actor.assurance) == ("sato", "佐藤 次郎", "verified")
    assert found.rights == {"see-own", "see-all"}
    assert found.by_token


def test_a_token_never_allows_more_than_its_person_may(add, make, who):
    add("yamada", roles=("staff",))
    assert who(make("yamada", "run", "approve", "read")[1]).rights == {"see-own", "start-named", "cancel-own", "decide"}


def test_a_token_of_an_admin_manages_nothing(add, make, who):
    add("yamada", roles=("admin",))
    assert not who(make("yamada", "run", "approve", "read")[1]).may("manage", "work")


def test_a_workers_token_is_nobodys(make, who):
    found = who(make("", "worker")[1])
    assert (found.user, found.actor.kind) == ("", "system")
    assert found.rights == {"work", "see-all", "see-own"}


@pytest.mark.parametrize(("user", "scopes"), [("yamada", ["worker"]), ("", ["read"]), ("yamada", []), ("", ["worker", "read"])])
def test_scopes_that_do_not_go_together_are_refused(add, make, user, scopes):
    add("yamada")
    if (user, scopes) == ("", ["worker", "read"]):
        assert make(user, *scopes)
        return
    with pytest.raises(UnknownScope):
        make(user, *scopes)


def test_only_the_hash_is_stored(book, add, make):
    add("yamada")
    token, secret = make("yamada", "read")
    with book.database.reading() as connection:
        kept = str(connection.execute(TOKENS.select()).all()) + str(list(book.ledger.records(connection)))
    assert secret.startswith("tema_")
    assert secret not in kept
    assert secret not in repr(token)


def test_a_revoked_token_is_over_and_revoked_once(book, add, make, who):
    add("yamada")
    token, secret = make("yamada", "read")
    with book.database.transaction() as connection:
        revoke_token(book, connection, token.id, actor=YAMADA, channel="cli")
    assert who(secret) is None
    with pytest.raises(NoSuchToken), book.database.transaction() as connection:
        revoke_token(book, connection, token.id, actor=YAMADA, channel="cli")
    with book.database.reading() as connection:
        assert list_tokens(connection)[0].ended_at is not None


def test_a_token_ends_by_itself(book, add, make, who, clock):
    add("yamada")
    _, secret = make("yamada", "read", until=book.now() + timedelta(days=1))
    assert who(secret) is not None
    clock.sleep(86_400)
    assert who(secret) is None


def test_a_token_ends_with_the_password_and_with_its_user(book, add, make, who):
    add("yamada")
    _, first = make("yamada", "read")
    with book.database.transaction() as connection:
        set_password(book, connection, "yamada", "another four words", actor=YAMADA, channel="cli")
    assert who(first) is None
    _, second = make("yamada", "read")
    with book.database.transaction() as connection:
        disable_user(book, connection, "yamada", actor=YAMADA, channel="cli")
    assert who(second) is None


def test_somebody_who_has_left_is_not_let_in(book, add, make, who, people):
    add("gone")
    assert who(make("gone", "read")[1]) is None
    token = sign_in(book, "gone", PASSWORD, people=people, address="-", lasting=timedelta(hours=1))[1]
    with book.database.reading() as connection:
        assert of_session(connection, token, people=people, now=book.now(), today=book.now(), idle=timedelta(hours=1)) is None


def test_a_password_that_works_once_gives_no_token_its_rights(add, make, who):
    add("yamada", one_time=True, roles=("operator",))
    assert who(make("yamada", "run")[1]) is None


def test_the_id_in_prefect_stays_the_same():
    assert str(uuid_of("yamada")) == str(uuid_of("yamada"))
    assert uuid_of("yamada") != uuid_of("sato")


def test_an_unknown_scope_is_told_with_those_that_there_are():
    with pytest.raises(UnknownScope) as caught:
        scope_named("root")
    assert "worker" in caught.value.data["known"]
