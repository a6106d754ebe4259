"""The sign-in page with other ways in, when those are away."""

import pytest

from fixtures_prefect import make_place
from fixtures_up import free_port
from pages.conftest import Calls, Seen
from temanashi.pages import Links, Site, build_pages
from temanashi.people import Actor, People
from temanashi.signin.oidc import Oidc
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import open_installation

PASSWORD = "four short words here"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def away(tmp_path):
    """The pages of a workspace whose provider of accounts does not answer."""
    place = make_place(tmp_path, sign_in=True)
    issuer = f"http://127.0.0.1:{free_port()}"
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'[tool.temanashi.gate.oidc]\nissuer = "{issuer}"\nclient_id = "tema"\nroles = {{ "*" = "staff" }}\n')
    with open_installation(tmp_path) as opened:
        seen = Seen()
        links = Links(
            wake=seen.wake, worker_seen=seen.worker_seen, submit=seen.submit, refusal=lambda _: "", flow_run=str, start="/start"
        )
        with opened.database.transaction() as connection:
            more = {"people": People(), "actor": Actor(name="setup", kind="system"), "channel": "cli", "one_time": False}
            add_user(book_of(opened), connection, "admin", password=PASSWORD, roles=("admin",), **more)
        oidc = Oidc(place.settings.gate.oidc, back=place.settings.page("x"), root=tmp_path, clock=opened.clock)
        yield Calls(build_pages(Site(installation=opened, links=links, oidc=oidc))), issuer


def test_a_provider_that_is_away_is_named_and_a_password_here_still_works(away):
    client, issuer = away
    answer = client.get("/sign-in/oidc?again=1&next=/tema/me&lang=ja")
    assert answer.status_code == 503
    assert f"<code>{issuer}</code> が答えません" in answer.text
    assert 'name="next" value="/tema/me"' in answer.text
    answer = client.post("/sign-in", data={"name": "admin", "password": PASSWORD, "next": "/tema/me"}, headers=OURS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tema/me")


def test_the_error_page_links_to_itself_in_the_other_language(away):
    client, _ = away
    answer = client.get("/sign-in/oidc?again=1&next=/tema/me&lang=ja")
    assert 'href="http://testserver/tema/sign-in?next=%2Ftema%2Fme&amp;lang=en"' in answer.text


def test_without_the_settings_there_is_one_way_in(visitor):
    assert "sign-in/oidc" not in visitor.get("/sign-in").text
    assert 'name="way"' not in visitor.get("/sign-in").text
    assert visitor.get("/sign-in/oidc").status_code == 404
    assert visitor.get("/sign-in/oidc/back?code=x&state=y").status_code == 404
