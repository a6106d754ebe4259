import pytest


@pytest.mark.parametrize(("lang", "word"), [("ja", "2026年1月"), ("en", "January 2026")])
def test_the_report_of_a_month_in_a_language(visitor, lang, word):
    visitor.run("full-disk")
    answer = visitor.get(f"/report?month=2026-01&lang={lang}")
    assert answer.status_code == 200
    assert word in answer.text
    assert answer.headers["content-language"] == lang


def test_without_a_month_it_is_this_month(visitor):
    assert visitor.get("/report").status_code == 200


def test_before_anything_is_published_there_is_a_report_too(empty):
    assert empty.get("/report").status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "soon", "../../etc"])
def test_a_month_that_is_none_is_said_so(visitor, month):
    answer = visitor.get("/report", params={"month": month, "lang": "en"})
    assert answer.status_code == 400
    assert "2026-11" in answer.text
