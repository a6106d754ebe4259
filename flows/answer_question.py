"""A question to the FAQ, in Prefect's own form."""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from temanashi.orchestration.answering import answer_in_flow


@flow(name="answer-question", persist_result=False)
def answer_question(question: str, *, hand_over: bool = False, details: str = "", lang: Literal["ja", "en"] = "ja") -> State[Any]:
    """FAQ に質問します。回答は Artifacts に出ます。Ask the FAQ; the reply is under Artifacts.

    Args:
        question: 質問。パスワードや番号は書かないでください。 Your question, without passwords or numbers.
        hand_over: 回答が見つからなければ、担当者に引き継ぎます。 Where no answer is known, a person gets it.
        details: 引き継ぐときの補足。 What a person should know besides.
        lang: 回答の言語。 The language of the answer.
    """
    return answer_in_flow(question, hand_over=hand_over, details=details, lang=lang)
