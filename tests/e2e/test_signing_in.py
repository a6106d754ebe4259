"""People sign in, and each does what their role permits: in Prefect's own UI, on our pages, in both languages."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.browsing import Form
from fixtures_up import Up, make_workspace, runbook_file, running, until

PASSWORD = "four short words here"
NAMES = {"yamada": "山田 花子", "sato": "佐藤 次郎", "tanaka": "田中 一郎"}
CUSTOMER = "伊藤 四郎"
"""Has no account: others ask on their behalf."""

WORDS = {
    "ja": {
        "name": "利用者名",
        "password": "パスワード",
        "sign in": "サインインする",
        "start": "この手順書を実行する",
        "check": "内容を確認する",
        "run": "実行する",
        "find": "探す",
        "called": "名簿の番号 03-1234-5678 にかけ直して確かめた",
        "approve": "承認する",
        "done": "終わりました",
        "waits": "承認を待っています",
        "search": "探す",
    },
    "en": {
        "name": "User name",
        "password": "Password",
        "sign in": "Sign in",
        "start": "Run this runbook",
        "check": "Check it",
        "run": "Run it",
        "find": "Find",
        "called": "Called back at the number of the directory 03-1234-5678",
        "approve": "Approve",
        "done": "It is done",
        "waits": "to approve. Refused unless",
        "search": "Search",
    },
}


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it: TEMA_PICTURES names a folder."""
    if folder := os.environ.get("TEMA_PICTURES"):
        page.wait_for_timeout(1000)  # Prefect's UI fades pages in
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def workplace(root: Path) -> Path:
    """The starter content, three people of three roles, and runbooks for some of them."""
    make_workspace(root, sign_in=True)
    people: dict[str, Any] = {
        "people": {person: {"name": name} for person, name in NAMES.items()} | {"ito": {"name": CUSTOMER, "phone": "03-1234-5678"}},
        "groups": {"desk": ["yamada"], "leads": ["sato", "yamada"]},
        "roles": {"staff": ["yamada"], "approver": ["sato"], "auditor": ["tanaka"]},
    }
    (root / "runbooks" / "site" / "people.yaml").write_text(json.dumps(people), encoding="utf-8")
    word = [{"name": "word", "type": "string", "title": {"ja": "言葉", "en": "Word"}, "default": "ok"}]
    say = [{"id": "say", "command": {"run": ["echo", "said {{ params.word }}"]}}]
    runbook_file(root, "desk-work", say, parameters=word, allow=["group:desk"])
    runbook_file(root, "lead-work", say, parameters=word, allow=["sato"])
    runbook_file(root, "approved-work", say, parameters=word, allow=["group:desk"], approve="group:leads")
    return root


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`tema up` as it comes: people sign in. The tests themselves look at Prefect as its worker does."""
    root = workplace(tmp_path_factory.mktemp("office"))
    for up in running(root):
        token = (root / ".tema" / "keys" / "local-token").read_text(encoding="ascii").strip()
        up.http.headers["authorization"] = f"Bearer {token}"
        for user in NAMES:
            up.tema("user", "add", user, "--permanent", typed=PASSWORD)
        yield up


def entered(chromium: Browser, up: Up, user: str, lang: str = "ja", *, password: str = PASSWORD, scripts: bool = True) -> Page:
    """A browser of its own in which somebody signed in."""
    words = WORDS[lang]
    context = chromium.new_context(
        base_url=up.url,
        locale="ja-JP" if lang == "ja" else "en-US",
        timezone_id="Asia/Tokyo",
        viewport={"width": 1200, "height": 900},
        java_script_enabled=scripts,
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"/tema/?lang={lang}")
    expect(page).to_have_url(f"{up.url}/tema/sign-in?next=%2Ftema%2F%3Flang%3D{lang}&lang={lang}")
    picture(page, f"sign-in-{lang}")
    page.get_by_label(words["name"]).fill(user)
    page.get_by_label(words["password"]).fill(password)
    page.get_by_role("button", name=words["sign in"]).click()
    return page


@pytest.fixture
def enter(chromium: Browser, office: Up) -> Iterator[Callable[..., Page]]:
    opened: list[Page] = []

    def enter(user: str, lang: str = "ja", **how: Any) -> Page:
        opened.append(entered(chromium, office, user, lang, **how))
        return opened[-1]

    yield enter
    for page in opened:
        page.context.close()


def waiting(up: Up, flow_run: str) -> str:
    """The id of the recorded run that waits for approval."""
    return until(
        lambda: next((r["id"] for r in up.runs("approved-work") if r["flow_run"] == flow_run and r["wait"]), ""),
        seconds=90,
        what="the wait for approval",
    )


def from_prefects_form(page: Page, up: Up, runbook: str) -> str:
    """Prefect's own form, sent as it stands; the flow run."""
    page.goto(f"/v2/deployments/deployment/{up.deployment(runbook)['id']}/run")
    with page.expect_response(lambda answer: answer.url.endswith("/create_flow_run")) as made:
        page.get_by_role("button", name="Submit").click()
    assert made.value.status == 201, made.value.text()
    return str(made.value.json()["id"])


def who_asked(up: Up, flow_run: str) -> tuple[str, str, str]:
    asked = up.drafts(up.run_of(flow_run))[0]
    return asked["actor"], asked["assurance"], asked["channel"]


def test_the_first_admin_signs_in_with_the_password_of_the_file_and_chooses_their_own(office: Up, enter):
    file = office.root / ".tema" / "first-password.txt"
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(file) in office.said
    assert f"{office.url}/tema/sign-in" in office.said
    first = file.read_text(encoding="utf-8").split("\n")[1]
    page = enter("admin", password=first)
    expect(page).to_have_url(f"{office.url}/tema/password?next=/tema/?lang=ja")
    picture(page, "password-ja")
    page.goto("/tema/password?lang=en")
    picture(page, "password-en")
    page.goto("/tema/runbooks")  # nothing else opens before
    assert page.url.startswith(f"{office.url}/tema/password")
    for field, text in (("old", first), ("new", PASSWORD), ("again", PASSWORD)):
        page.locator(f"#{field}").fill(text)
    page.locator("main form button").click()
    expect(page.get_by_text("サインアウト").first).to_be_visible()
    assert not file.exists()
    assert office.http.get("/tema/healthz").is_success


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_staff_run_what_they_may_from_prefects_form_and_from_our_page(office: Up, enter, lang: str):
    page, words = enter("yamada", lang), WORDS[lang]
    expect(page.get_by_text("desk-work").first).to_be_visible()
    assert page.get_by_text("lead-work").count() == 0
    picture(page, f"home-{lang}")

    flow_run = from_prefects_form(page, office, "desk-work")
    office.in_state(flow_run, "Completed")
    assert who_asked(office, flow_run) == ("山田 花子", "verified", "form")
    page.goto(f"/v2/runs/flow-run/{flow_run}")
    expect(page.get_by_text("Completed").first).to_be_visible()
    picture(page, f"prefect-run-{lang}")

    page.goto(f"/tema/runbooks/desk-work?lang={lang}")
    page.get_by_role("link", name=words["start"]).click()
    page.locator("[name='p.word']").fill("hello")
    page.get_by_role("button", name=words["check"]).click()
    before = {run["id"] for run in office.runs("desk-work")}
    page.get_by_role("button", name=words["run"], exact=True).click()
    made = until(lambda: [run for run in office.runs("desk-work") if run["id"] not in before], seconds=60, what="the run")[0]
    assert (made["actor"]["name"], made["actor"]["assurance"], made["channel"]) == ("山田 花子", "verified", "page")
    page.goto(f"/tema/runs/{made['id']}?lang={lang}")
    picture(page, f"run-{lang}")


def test_what_is_not_for_somebody_is_refused_with_words_in_both_uis(office: Up, enter):
    page = enter("yamada")
    page.goto(f"/v2/deployments/deployment/{office.deployment('lead-work')['id']}/run")
    expect(page.get_by_text("見つからないか、あなたには見られません").first).to_be_visible()
    picture(page, "refused-prefect")
    for lang, told in (("ja", "あなたの役割では実行できません"), ("en", "your roles do not let you run it")):
        page.goto(f"/tema/runbooks/lead-work/run?lang={lang}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(told)
        picture(page, f"refused-{lang}")
    page.goto("/tema/audit")
    expect(page.get_by_text("Your roles do not allow this")).to_be_visible()
    assert office.runs("lead-work") == []


ENTRIES = [
    "Dashboard",
    "Runs",
    "Flows",
    "Deployments",
    "Work Pools",
    "Blocks",
    "Variables",
    "Automations",
    "Event Feed",
    "Concurrency",
]


@pytest.mark.parametrize(
    ("user", "without"),
    [("yamada", ENTRIES[4:]), ("tanaka", ["Blocks", "Variables"])],
    ids=["staff", "auditor"],
)
def test_prefects_menu_shows_what_a_role_opens(office: Up, enter, user: str, without: list[str]):
    """Fails where Prefect's interface changed so that the entries are no longer found by what hides them."""
    page = enter(user)
    page.goto("/v2/deployments")
    menu = page.locator("[data-sidebar='menu-item']")
    expect(menu.filter(has_text="Deployments")).to_be_visible()
    assert [text for text in menu.all_text_contents() if text in ENTRIES] == ENTRIES
    shown = [entry.text_content() for entry in menu.all() if entry.is_visible()]
    assert [text for text in shown if text in ENTRIES] == [text for text in ENTRIES if text not in without]
    assert ("Settings" in shown, "Switch to V1 UI" in shown) == (False, user == "tanaka")
    picture(page, f"prefect-menu-{user}")


def test_an_approver_approves_in_our_inbox_and_through_prefects_resume_and_the_auditor_finds_it(office: Up, enter):
    staff = enter("yamada")
    flow_runs = [from_prefects_form(staff, office, "approved-work") for _ in range(2)]
    runs = [waiting(office, flow_run) for flow_run in flow_runs]
    staff.goto(f"/tema/runs/{runs[0]}?lang=ja")
    assert staff.get_by_role("button", name="承認する").count() == 0

    page = enter("sato", "en")
    page.goto("/tema/approvals?lang=en")
    picture(page, "inbox-en")
    case = page.locator("article", has=page.locator(f"a[href*='{runs[0]}']"))
    case.get_by_role("button", name="Approve", exact=True).click()
    office.in_state(flow_runs[0], "Completed", seconds=120)

    page.goto(f"/runs/flow-run/{flow_runs[1]}")
    page.get_by_role("button", name="Resume").click()
    form = Form(page)
    form.field("結果").first.wait_for()
    picture(page, "resume")
    form.choose("結果", "承認します / Approve")
    page.locator(".p-modal, [role='dialog']").get_by_role("button", name="Submit").click()
    office.in_state(flow_runs[1], "Completed", seconds=120)
    for run, channel in zip(runs, ("page", "form"), strict=True):
        decided = [d for d in office.drafts(run) if d["kind"] == "decision"]
        assert [(d["actor"], d["assurance"], d["outcome"], d["channel"]) for d in decided] == [
            ("佐藤 次郎", "verified", "approved", channel)
        ]

    auditor = enter("tanaka")
    for lang in ("ja", "en"):
        auditor.goto(f"/tema/audit?person=佐藤&lang={lang}")
        picture(auditor, f"audit-{lang}")
    for run in runs:
        auditor.goto(f"/tema/audit/runs/{run}?lang=en")
        expect(auditor.get_by_text("佐藤 次郎").first).to_be_visible()
    auditor.goto("/tema/runbooks/desk-work/run?lang=en")
    expect(auditor.get_by_text("Your roles do not allow this")).to_be_visible()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_without_scripts_one_asks_on_behalf_of_a_caller_another_approves_and_the_auditor_finds_it_all(office: Up, enter, lang: str):
    words = WORDS[lang]
    staff = enter("yamada", lang, scripts=False)
    staff.locator("#q").fill("approved-work")
    staff.get_by_role("button", name=words["find"]).click()
    staff.get_by_role("link", name="approved-work").click()
    staff.get_by_role("link", name=words["start"]).click()
    staff.locator("[name='p.word']").fill("for a caller")
    staff.locator("#beneficiary").fill(CUSTOMER)
    staff.get_by_role("button", name=words["check"]).click()
    expect(staff.get_by_role("alert")).to_be_visible()  # how was it made sure that it was them who asked?
    expect(staff.locator("[name='p.word']")).to_have_value("for a caller")
    staff.get_by_label(words["called"]).check()
    picture(staff, f"on-behalf-{lang}")
    staff.get_by_role("button", name=words["check"]).click()
    expect(staff.get_by_text(words["called"])).to_be_visible()
    picture(staff, f"plan-{lang}")
    staff.get_by_role("button", name=words["run"], exact=True).click()
    staff.wait_for_url("**/tema/runs/*", timeout=60_000)  # the page before reloads itself, without a script
    run = staff.url.split("/runs/")[1][:36]
    staff.goto(f"/tema/requests?lang={lang}")
    mine = staff.locator("li", has=staff.locator(f"a[href*='{run}']"))
    until(lambda: staff.reload() and words["waits"] in mine.inner_text(), seconds=60, what="the wait for approval")
    picture(staff, f"requests-{lang}")

    approver = enter("sato", lang, scripts=False)
    approver.goto(f"/tema/approvals?lang={lang}")
    case = approver.locator("article", has=approver.locator(f"a[href*='{run}']"))
    expect(case).to_contain_text(CUSTOMER)
    expect(case).to_contain_text(words["called"])
    case.get_by_role("textbox").fill("OK")
    case.get_by_role("button", name=words["approve"], exact=True).click()
    expect(approver.get_by_role("status")).to_be_visible()

    until(lambda: staff.reload() and words["done"] in mine.inner_text(), seconds=90, what="the result in my requests")
    picture(staff, f"result-{lang}")

    auditor = enter("tanaka", lang, scripts=False)
    auditor.goto(f"/tema/audit?lang={lang}")
    auditor.locator("#beneficiary").fill(CUSTOMER)
    auditor.get_by_role("button", name=words["search"]).click()
    auditor.locator(f"a[href*='{run}']").click()
    story = auditor.get_by_role("main")
    for told in (NAMES["yamada"], NAMES["sato"], CUSTOMER, words["called"], "for a caller"):
        expect(story).to_contain_text(told)
    picture(auditor, f"story-{lang}")
    auditor.goto(f"/tema/audit?person={NAMES['yamada']}&lang={lang}")
    expect(auditor.locator(f"a[href*='{run}']")).to_be_visible()
    asked = office.drafts(run)[0]
    said = (asked["actor"], asked["assurance"], asked["channel"], asked["beneficiary"], asked["identity_check"])
    assert said == (NAMES["yamada"], "verified", "page", CUSTOMER, "call-back 03-1234-5678")
