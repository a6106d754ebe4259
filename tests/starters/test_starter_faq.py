"""The starter entries of the FAQ: enough of them, whole in both languages, apart from each other, and with runbooks that fit."""

from collections import Counter
from datetime import timedelta

import pytest

from temanashi.faq.masking import mask
from temanashi.people import People
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.faq_files import load_entries
from temanashi.workspace.yaml_source import read_yaml


@pytest.fixture(scope="module")
def entries():
    texts, faults = starter_texts(), []
    people = People.model_validate(read_yaml(texts["runbooks/site/people.yaml"]).data)
    loaded = load_entries(texts, people=people, languages=("ja", "en"), faults=faults)
    assert faults == []
    return {name: one.entry for name, one in loaded.items()}


def test_there_are_at_least_sixty_whole_in_japanese_and_english(entries):
    assert len(entries) >= 60
    for entry in entries.values():
        assert set(entry.texts) == {"ja", "en"}
        for text in entry.texts.values():
            assert len(text.phrasings) >= 6, entry.id
            assert 60 < len(text.answer) < 2500, entry.id


def test_the_owner_and_whom_to_ask_are_there_on_a_fresh_workspace(entries):
    people = People.model_validate(read_yaml(starter_texts()["runbooks/site/people.yaml"]).data)
    for entry in entries.values():
        assert entry.owner in people.groups
        assert entry.escalate_to in people.groups
        assert entry.for_everyone
        assert entry.valid_until - entry.verified_on > timedelta(days=300)


def test_all_the_topics_of_a_help_desk_are_covered(entries):
    topics = Counter(entry.topic for entry in entries.values())
    needed = {"password", "vpn", "mail", "printing", "files", "meeting", "pc", "phone", "software", "security", "network"}
    assert set(topics) >= needed


def test_no_two_entries_claim_the_same_question(entries):
    for lang in ("ja", "en"):
        texts = [entry.texts[lang] for entry in entries.values()]
        said = Counter(said.casefold() for text in texts for said in {text.question, *text.phrasings})
        assert [phrasing for phrasing, count in said.items() if count > 1] == []


def test_at_least_twelve_offer_a_runbook_whose_form_takes_what_is_filled_in(entries, starters):
    offering = [entry for entry in entries.values() if entry.runbook is not None]
    assert len(offering) >= 12
    for entry in offering:
        parameters = {one.name: one for one in starters[entry.runbook.id].parameters}
        for name, value in entry.runbook.parameters.items():
            assert value in getattr(parameters[name], "values", [value]), entry.id


def test_nothing_in_them_is_taken_for_a_secret(entries):
    for entry in entries.values():
        for text in entry.texts.values():
            for said in (text.question, *text.phrasings, text.answer):
                assert mask(said, mail=True).found == (), said
