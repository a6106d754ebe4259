from datetime import timedelta

import pytest

from signin.conftest import PASSWORD, PEOPLE, YAMADA
from temanashi.signin.faults import SignInFailed, SignInWaits
from temanashi.signin.sessions import session_user
from temanashi.signin.signing_in import check_password, sign_in, sign_out
from temanashi.signin.tables import FAILURES, SESSIONS, USERS
from temanashi.signin.users import actor_of, disable_user, set_password

HOUR = timedelta(hours=1)


@pytest.fixture
def enter(book, people):
    def enter(name, password=PASSWORD, *, address="10.0.0.7", before=""):
        return sign_in(book, name, password, people=people, address=address, lasting=12 * HOUR, before=before)[1]

    return enter


@pytest.fixture
def owner(book):
    def owner(token, *, idle=HOUR):
        with book.database.reading() as connection:
            found = session_user(connection, token, now=book.now(), idle=idle)
        return found[0] if found else None

    return owner


def test_a_password_becomes_a_session_and_a_record(add, enter, owner, events):
    add("yamada")
    assert owner(enter("yamada")) == "yamada"
    assert events()[-1] == ("山田 花子", "signed-in")


def test_neither_password_nor_token_is_stored(book, add, enter):
    add("yamada")
    token = enter("yamada")
    with book.database.reading() as connection:
        kept = str(connection.execute(USERS.select()).all()) + str(connection.execute(SESSIONS.select()).all())
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert token not in kept


def test_full_width_letters_are_the_same_password(add, enter, owner):
    add("yamada")
    assert owner(enter("yamada", PASSWORD.replace("four", "ｆｏｕｒ"))) == "yamada"


@pytest.mark.parametrize(
    ("name", "password"), [("yamada", "wrong password"), ("nobody", PASSWORD), ("", ""), ("yamada", "x" * 9000)]
)
def test_one_sentence_for_everything_that_is_wrong(add, enter, name, password):
    add("yamada")
    with pytest.raises(SignInFailed) as caught:
        enter(name, password)
    assert caught.value.data == {}


def test_somebody_disabled_is_told_the_same(book, add, enter):
    add("yamada")
    with book.database.transaction() as connection:
        disable_user(book, connection, "yamada", actor=YAMADA, channel="cli")
    with pytest.raises(SignInFailed):
        enter("yamada")


@pytest.mark.parametrize("name", ["yamada", "nobody"])
def test_guessing_is_slowed_down_and_locked_out_whether_or_not_the_name_exists(add, enter, clock, name):
    add("yamada")
    waits = []
    for _ in range(12):
        try:
            enter(name, "wrong")
        except SignInWaits as error:
            waits.append(error.data["seconds"])
            clock.sleep(error.data["seconds"])
        except SignInFailed:
            waits.append(0)
    assert waits == [0, 0, 0, 2, 0, 5, 0, 60, 0, 120, 0, 240]


def test_the_right_password_does_not_help_while_it_waits(add, enter, clock, owner):
    add("yamada")
    for _ in range(3):
        with pytest.raises(SignInFailed):
            enter("yamada", "wrong")
    with pytest.raises(SignInWaits):
        enter("yamada")
    clock.sleep(2)
    assert owner(enter("yamada")) == "yamada"


def test_a_good_sign_in_starts_the_count_afresh(book, add, enter):
    add("yamada")
    for _ in range(2):
        with pytest.raises(SignInFailed):
            enter("yamada", "wrong")
    enter("yamada")
    with book.database.reading() as connection:
        assert [row.key[:7] for row in connection.execute(FAILURES.select())] == ["address"]


def test_another_spelling_of_a_name_is_no_fresh_start(add, enter, clock):
    add("yamada")
    for name in ("yamada", "YAMADA", "ｙａｍａｄａ"):
        with pytest.raises(SignInFailed):
            enter(name, "wrong")
    with pytest.raises(SignInWaits):
        enter("yamada")


def test_a_flood_from_one_address_waits_whatever_names_it_tries(enter):
    for number in range(41):
        with pytest.raises(SignInFailed):
            enter(f"name{number}", "wrong")
    with pytest.raises(SignInWaits):
        enter("another", "wrong")
    with pytest.raises(SignInFailed):
        enter("another", "wrong", address="10.0.0.8")


def test_what_was_typed_as_a_name_is_not_kept(book, enter):
    with pytest.raises(SignInFailed):
        enter("my secret password", "wrong")
    with book.database.reading() as connection:
        kept = str(connection.execute(FAILURES.select()).all())
        kept += "".join(str(record) for record in book.ledger.records(connection))
    assert "my secret" not in kept


def test_failures_are_on_the_record(add, enter, events, clock):
    add("yamada")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            enter("yamada", "wrong")
        clock.sleep(10)
    told = [event for _, event in events()]
    assert told == ["user-added", *["sign-in-failed"] * 4, "sign-in-locked"]


def test_a_session_ends_when_nobody_uses_it(add, enter, owner, clock):
    add("yamada")
    token = enter("yamada")
    clock.sleep(3599)
    assert owner(token) == "yamada"
    clock.sleep(1)
    assert owner(token) is None


def test_a_session_ends_however_much_it_is_used(add, enter, owner, clock):
    add("yamada")
    token = enter("yamada")
    clock.sleep(12 * 3600)
    assert owner(token, idle=timedelta(days=9)) is None


def test_signing_in_ends_the_session_that_the_browser_had(add, enter, owner):
    add("yamada")
    add("sato")
    planted = enter("sato")
    assert owner(enter("yamada", before=planted)) == "yamada"
    assert owner(planted) is None


def test_a_session_that_was_signed_out_is_over(book, add, enter, owner, events):
    user = add("yamada")
    token = enter("yamada")
    with book.database.transaction() as connection:
        sign_out(book, connection, token, actor=actor_of(user, PEOPLE))
        sign_out(book, connection, token, actor=actor_of(user, PEOPLE))
    assert owner(token) is None
    assert [event for _, event in events()].count("signed-out") == 1


def test_another_password_ends_every_session(book, add, enter, owner):
    user = add("yamada")
    token = enter("yamada")
    with book.database.transaction() as connection:
        set_password(book, connection, "yamada", "another four words", actor=actor_of(user, PEOPLE), channel="cli")
    assert owner(token) is None
    with pytest.raises(SignInFailed):
        enter("yamada")
    assert owner(enter("yamada", "another four words")) == "yamada"


def test_a_password_alone_is_checked_without_a_session(book, add, people):
    add("yamada")
    assert check_password(book, "yamada", PASSWORD, people=people, address="terminal", channel="cli").id == "yamada"
    with book.database.reading() as connection:
        assert connection.execute(SESSIONS.select()).all() == []
