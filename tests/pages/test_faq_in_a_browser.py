"""Somebody asks in Chromium: an answer, near questions, nothing known and a person, and later that person's answer.

Every page on the way is read by axe-core, light and wide, dark and narrow, in both languages. TEMA_PICTURES keeps pictures.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from e2e.browsing import FLAGS
from fixtures_faq import VPN, with_faq, write_entry_file
from fixtures_served import served_pages
from pages.test_pages_in_a_browser import CHROMIUM, Reader

WORDS = {
    "ja": {
        "ask": "質問する",
        "sure": "VPN に接続できません",
        "near": "VPN パスワード",
        "typed": "VPN つながら",
        "mean": "もしかして、このことですか",
        "unknown": "わかりません",
        "solved": "解決した",
        "was_solved": "解決と記録しました",
        "hand": "担当者に引き継ぐ",
        "waits": "担当者に引き継ぎました",
        "reply": "回答を送る",
        "came": "回答が届いています",
        "propose": "質問と回答を、新しい項目にする",
        "accept": "受け入れる",
    },
    "en": {
        "ask": "Ask",
        "sure": "I cannot connect to the VPN",
        "near": "vpn",
        "typed": "vpn does not conn",
        "mean": "Did you mean one of these?",
        "unknown": "I do not know",
        "solved": "It is solved",
        "was_solved": "Recorded as solved",
        "hand": "Hand over to a person",
        "waits": "A person has your question",
        "reply": "Send the answer",
        "came": "Your question was answered",
        "propose": "Make question and answer a new entry",
        "accept": "Accept",
    },
}


@pytest.fixture
def desk(empty):
    with_faq(empty.place)
    english = {"en": "The VPN is slow", "english": "vpn slow, slow connection at home"}
    write_entry_file(empty.place, VPN | {"id": "vpn-slow", "ja": "VPN が遅い", "phrasings": "VPN 重い, 在宅 回線 遅い"} | english)
    empty.place.publish()
    empty.sign_in("taro", "staff")
    return empty


@pytest.fixture
def address(desk):
    with served_pages(desk.http.app) as where:
        yield where


class Walk:
    """One reader's way through the pages."""

    def __init__(self, reader, words):
        self.reader, self.page, self.words = reader, reader.page, words

    def button(self, word):
        return self.page.get_by_role("button", name=self.words[word], exact=True)

    def heading(self, text):
        expect(self.page.locator("h1")).to_have_text(text)

    def ask(self, question):
        self.reader.page.goto(f"{self.reader.address}/faq?lang={self.reader.lang}")
        self.page.locator("#q").fill(question)
        self.button("ask").click()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_from_a_question_to_its_answer(desk, address, lang):
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not there")
    words = WORDS[lang]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        walk = Walk(Reader(browser, address, lang), words)
        page, reader = walk.page, walk.reader
        reader.visit("/faq")
        page.locator("#q").press_sequentially(words["typed"])
        expect(page.locator("#found a").first).to_be_visible()
        reader.look("/faq-typing")

        walk.ask(words["sure"])
        walk.heading(words["sure"])
        reader.look("/faq-answer")
        walk.button("solved").click()
        expect(page.get_by_text(words["was_solved"])).to_be_visible()

        walk.ask(words["near"])
        walk.heading(words["mean"])
        reader.look("/faq-did-you-mean")
        page.locator("main ul.list a").first.click()
        expect(walk.button("solved")).to_be_visible()

        walk.ask("zzqq xxyy")
        walk.heading(words["unknown"])
        page.locator("#details").fill("3F")
        reader.look("/faq-unknown")
        walk.button("hand").click()
        walk.heading(words["waits"])
        reader.look("/faq-waiting")
        number = page.url.partition("/inquiries/")[2].partition("?")[0]

        desk.sign_in("sato", "operator")
        reader.visit("/faq")
        reader.visit(f"/faq/inquiries/{number}")
        page.locator("#reply").fill("掲示板にあります。\nOn the board.")
        page.get_by_label(words["propose"]).check()
        walk.button("reply").click()
        reader.look("/faq-replied-and-proposed")
        walk.button("accept").click()
        for path in ("/faq/entries", "/faq/entries/reset-pc", "/faq/figures", "/faq/new", "/faq/entries/reset-pc/edit"):
            reader.visit(path)
        page.locator("button[value=preview]").click()
        reader.look("/faq-preview")

        desk.sign_in("taro", "staff")
        reader.visit(f"/faq/inquiries/{number}")
        walk.heading(words["came"])
        expect(page.get_by_text("On the board.")).to_be_visible()
        told = reader.told
        browser.close()
    assert told == {}
    assert len(list(Path(desk.place.root, "faq", "inbox").glob("*.md"))) == 1
