"""The running gate with every way to sign in: a provider of accounts, a directory, and passwords of its own."""

import json
import os
import shutil
from contextlib import contextmanager

import httpx
import pytest

from e2e.browsing import FLAGS
from fixtures_oidc import CLIENT, OIDC_PASSWORD, SECRET, ProviderProcess
from fixtures_prefect import gate_running, make_place
from fixtures_slapd import LDAP_PASSWORD, SUFFIX
from gate.guarded import PASSWORD, SETUP
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import open_installation

pytestmark = pytest.mark.server
PICTURES = os.environ.get("TEMA_PICTURES", "")
"""A folder for pictures to look at."""
NAME_LABEL = {"ja": "利用者名", "en": "User name"}
PASSWORD_LABEL = {"ja": "パスワード", "en": "Password"}
LABEL = 'label = { ja = "てま証券のアカウントでサインイン", en = "Sign in with Tema Securities" }'


class Front:
    """The gate, and browsers that come to it."""

    def __init__(self, place, opened, provider):
        self.place, self.opened, self.provider = place, opened, provider
        self.url = f"http://127.0.0.1:{place.settings.port}"

    @contextmanager
    def browser(self, lang="en"):
        headers = {"origin": self.url, "sec-fetch-site": "same-origin", "accept-language": lang, "accept": "text/html"}
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30, headers=headers) as client:
            yield client

    def through_provider(self, client, user, following="/tema/me"):
        """The answer of the gate to who comes back from the provider."""
        there = client.get("/tema/sign-in/oidc", params={"next": following})
        assert there.status_code == 303, there.text
        return client.get(str(self.provider.sign_in(there.headers["location"], user)))

    def noted(self):
        with self.opened.database.reading() as connection:
            records = self.opened.ledger.records(connection, kinds=("noted",))
            return [(r.draft.actor, r.draft.assurance, r.draft.outcome, r.draft.body) for r in records]


@pytest.fixture(scope="module")
def provider():
    process = ProviderProcess()
    process.person("suzuki", "ops", name="鈴木 一郎")
    yield process
    process.close()


@pytest.fixture(scope="module")
def front(tmp_path_factory, provider, slapd):
    root = tmp_path_factory.mktemp("front")
    place = make_place(root, sign_in=True)
    (root / "secret.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[tool.temanashi.gate.oidc]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret = "file:{root / "secret.txt"}"\nroles = {{ ops = ["operator"] }}\n{LABEL}\n'
            f'[tool.temanashi.gate.ldap]\nurl = "{slapd.plain}"\nca = "{slapd.ca}"\nuser_base = "ou=people,{SUFFIX}"\n'
            f'group_base = "ou=groups,{SUFFIX}"\nroles = {{ "*" = "staff", ops = "operator" }}\n'
        )
    place.runbook("quick-look", {"id": "look", "command": {"run": ["echo", "ok"], "reads": True}})
    (root / "runbooks" / "site").mkdir(parents=True)
    (root / "runbooks" / "site" / "people.yaml").write_text(json.dumps({"people": {"sato": {"name": "佐藤 次郎"}}}))
    place.publish()
    with open_installation(root) as opened:
        with opened.database.transaction() as connection:
            people = live_directory(connection).people
            more = {"password": PASSWORD, "people": people, "actor": SETUP, "channel": "cli", "one_time": False}
            add_user(book_of(opened), connection, "admin", roles=("admin",), **more)
            add_user(book_of(opened), connection, "taken", roles=("staff",), **more)
        with gate_running(place.settings):
            yield Front(place, opened, provider)


def test_the_page_offers_the_company_account_in_the_readers_language(front):
    with front.browser("ja") as client:
        page = client.get("/tema/sign-in").text
        assert "てま証券のアカウントでサインイン" in page
        assert 'href="/tema/sign-in/oidc?next=&amp;lang=ja"' in page
    with front.browser() as client:
        assert "Sign in with Tema Securities" in client.get("/tema/sign-in").text


def test_who_comes_back_is_signed_in_and_goes_where_they_wanted(front):
    with front.browser() as client:
        answer = front.through_provider(client, "suzuki", "/tema/runbooks?lang=en")
        assert (answer.status_code, answer.headers["location"]) == (303, "/tema/runbooks?lang=en")
        assert "tema_ticket" not in client.cookies
        me = client.get("/tema/me").text
        assert "鈴木 一郎" in me
        assert "operator" in me
        assert "/tema/password" not in me
        assert client.get("/tema/runbooks").status_code == 200
        # No administrator, so Prefect's blocks are closed.
        assert client.post("/api/block_documents/filter", json={}).status_code == 403
    assert front.noted()[-1][2] in {"signed-in", "access-refused"}
    signed = next(entry for entry in reversed(front.noted()) if entry[2] == "signed-in")
    assert signed[:2] == ("鈴木 一郎", "verified")
    assert signed[3]["way"] == "oidc"


def test_signing_out_here_signs_out_there(front):
    with front.browser() as client:
        front.through_provider(client, "suzuki")
        answer = client.post("/tema/sign-out")
        assert answer.status_code == 200
        assert f'content="0; url={front.provider.issuer}/leave?' in answer.text
        assert "鈴木" not in answer.text
        there = answer.text.split('<a class="button" href="')[1].split('"')[0].replace("&amp;", "&")
        before = len(front.provider.signed_out)
        back = httpx.get(there, trust_env=False)
        assert back.headers["location"] == f"{front.url}/tema/sign-in"
        assert front.provider.signed_out[before].count(".") == 2
        assert client.get("/tema/me").status_code == 303


def test_a_local_user_signs_out_here_only(front):
    with front.browser() as client:
        assert client.post("/tema/sign-in", data={"name": "admin", "password": PASSWORD}).status_code == 303
        assert client.post("/tema/sign-out").status_code == 303


def test_a_name_that_is_taken_is_refused_in_words_and_on_the_record(front):
    front.provider.person("taken", "ops")
    with front.browser("ja") as client:
        answer = front.through_provider(client, "taken")
        assert answer.status_code == 403
        assert "自動では引き継ぎません" in answer.text
        assert "tema_session" not in client.cookies
        assert 'href="http' not in answer.text.split("<main")[0].replace(front.url, "")
    actor, assurance, outcome, body = front.noted()[-1]
    assert (actor, assurance, outcome, body["cause"]) == ("(unknown)", "asserted", "sign-in-failed", "signin.name-taken")


def test_an_answer_counts_only_in_the_browser_that_asked(front):
    with front.browser() as mine, front.browser() as theirs:
        there = theirs.get("/tema/sign-in/oidc")
        back = str(front.provider.sign_in(there.headers["location"], "suzuki"))
        refused = mine.get(back)
        assert refused.status_code == 400
        assert "not begun in this browser" in refused.text
        # The page links to itself as the sign-in page, not to the answer, which counts once.
        assert "state=" not in refused.text
        assert theirs.get(back).status_code == 303
        assert theirs.get(back).status_code == 400


def test_a_token_that_does_not_prove_itself_opens_nothing(front):
    with front.browser() as client:
        there = client.get("/tema/sign-in/oidc")
        back = front.provider.sign_in(there.headers["location"], "suzuki")
        front.provider.next(claims={"nonce": "another"})
        answer = client.get(str(back))
        assert answer.status_code == 401
        assert "does not prove itself" in answer.text
        assert "tema_session" not in client.cookies
    assert front.noted()[-1][3]["cause"] == "signin.token-not-trusted"


@pytest.mark.parametrize("following", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_server_afterwards(front, following):
    with front.browser() as client:
        assert front.through_provider(client, "suzuki", following).headers["location"] == "/tema/"


def test_who_comes_by_another_name_begins_under_ours(front):
    port = front.place.settings.port
    with front.browser() as client:
        answer = client.get(f"http://localhost:{port}/tema/sign-in/oidc?next=/tema/me", headers={"host": f"localhost:{port}"})
        assert answer.headers["location"] == f"{front.url}/tema/sign-in/oidc?next=%2Ftema%2Fme&again=1"


def test_a_link_of_a_letter_asks_for_sign_in_and_comes_back(front):
    link = f"/tema/decide/{'x' * 320}.{'y' * 86}"
    with front.browser() as client:
        asked = client.get(link)
        assert asked.status_code == 303
        assert asked.headers["location"] == f"/tema/sign-in?next={link.replace('/', '%2F')}"
        answer = front.through_provider(client, "suzuki", link)
        assert answer.headers["location"] == link
        assert "This link does not work" in client.get(link).text


def test_the_password_of_the_directory_signs_in(front):
    form = {"name": "tanaka", "password": LDAP_PASSWORD, "way": "ldap", "next": "/tema/me"}
    with front.browser() as client:
        answer = client.post("/tema/sign-in", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/tema/me")
        assert "Taro Tanaka" in client.get("/tema/me").text
        assert client.post("/tema/sign-out").status_code == 303
    signed = next(entry for entry in reversed(front.noted()) if entry[2] == "signed-in")
    assert (signed[0], signed[3]["way"]) == ("Taro Tanaka", "ldap")


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"password": "wrong", "way": "ldap"}, 401, "the name or the password is wrong"),
        ({"password": "", "way": "ldap"}, 401, "the name or the password is wrong"),
        ({"password": LDAP_PASSWORD, "way": "here"}, 401, "the name or the password is wrong"),
        ({"name": "taken", "password": LDAP_PASSWORD, "way": "ldap"}, 403, "There is a user"),
    ],
    ids=str,
)
def test_a_password_counts_only_where_it_belongs_and_the_choice_is_kept(front, form, status, says):
    with front.browser() as client:
        answer = client.post("/tema/sign-in", data={"name": "kobayashi", "next": ""} | form)
        assert answer.status_code == status
        assert says in answer.text
        assert f'value="{form["way"]}" checked' in answer.text
        assert LDAP_PASSWORD not in answer.text
        assert "tema_session" not in client.cookies


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize(("lang", "label"), [("ja", "てま証券のアカウントでサインイン"), ("en", "Sign in with Tema Securities")])
def test_in_a_browser_one_link_signs_in_and_signing_out_ends_both(front, chromium, lang, label):
    """Only a browser holds the redirects against the policies of the pages."""
    context = chromium.new_context(base_url=front.url, locale=lang, viewport={"width": 1000, "height": 900})
    try:
        page = context.new_page()
        page.goto("/tema/me")
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/sign-in-{lang}.png")
        page.get_by_role("link", name=label).click()
        page.get_by_label("User").fill("suzuki")
        page.get_by_label("Password").fill(OIDC_PASSWORD)
        page.get_by_role("button").click()
        page.wait_for_url("**/tema/me*")
        assert "鈴木 一郎" in page.inner_text("h1")
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/me-{lang}.png")
        before = len(front.provider.signed_out)
        page.locator("header form button").click()
        page.wait_for_url("**/tema/sign-in")
        assert len(front.provider.signed_out) == before + 1
        page.get_by_label(PASSWORD_LABEL[lang], exact=True).fill("wrong")
        page.get_by_label(NAME_LABEL[lang]).fill("tanaka")
        page.get_by_role("button").click()
        page.locator("[role=alert]").wait_for()
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/sign-in-wrong-{lang}.png")
        assert page.locator("input[name=way]:checked").input_value() == "ldap"
    finally:
        context.close()
