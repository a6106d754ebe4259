"""A question asked in Prefect's own form: answered from the FAQ, on the same record as everywhere, the reply as an artifact."""

from __future__ import annotations

from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.logging import get_run_logger

from temanashi.errors import InputError
from temanashi.faq.masking import mask
from temanashi.orchestration.asking import Asker, asker
from temanashi.orchestration.driving import current_flow_run
from temanashi.orchestration.final_states import refused_state
from temanashi.reports.display import Display
from temanashi.settings import find_workspace, load_settings
from temanashi.text import Lang, say
from temanashi.workspace.asking import Asked, ask, hand_over_here, told_text
from temanashi.workspace.faq_serving import LiveFaq
from temanashi.workspace.inquiring import Asking
from temanashi.workspace.opening import Installation, open_installation
from temanashi.workspace.telling_inquiries import tell_of_inquiries

__all__ = ["answer_in_flow"]


def answer_in_flow(question: str, *, hand_over: bool = False, details: str = "", lang: Lang | None = None) -> State[Any]:
    """Answer inside the current flow; where nothing is known and `hand_over` is chosen, a person gets it. The final state."""
    flow_run, settings = current_flow_run(), load_settings(find_workspace())
    language = lang or settings.language
    _forget(question, details)
    with open_installation(create=False) as installation:
        try:
            asked = _asked(installation, question, asker(flow_run), hand_over=hand_over, details=details, lang=language)
        except InputError as error:
            return refused_state(error, lang=settings.language)
        if asked.inquiry.handed_at is not None:
            for problem in tell_of_inquiries(installation):
                get_run_logger().warning("%s", problem.text(settings.language))
    lines = told_text(asked, settings, Display(language, settings.zone))
    create_markdown_artifact("\n".join(lines), key="answer-question-reply", description=asked.inquiry.key)
    word = say(f"ask.state-{asked.inquiry.state}", settings.language)
    return State(type=StateType.COMPLETED, name="Completed", message=f"{word}: {asked.inquiry.key}")


def _asked(installation: Installation, question: str, who: Asker, *, hand_over: bool, details: str, lang: Lang) -> Asked:
    asking = Asking(actor=who.actor, channel=who.channel, beneficiary=who.beneficiary)
    # Whom it is asked for is only said by a tag.
    seen_by = who.actor if not who.beneficiary else None
    faq = LiveFaq(languages=installation.settings.languages, state=installation.settings.state_dir)
    asked = ask(installation, faq, question, asking, lang=lang, seen_by=seen_by)
    if hand_over and asked.inquiry.kind != "answer":
        return hand_over_here(installation, asked, asking, details=details)
    return asked


def _forget(question: str, details: str) -> None:
    """What our record masks does not stay in Prefect's flow run. The gate masks it before, where people sign in."""
    flow_run = current_flow_run()
    texts = {"question": mask(question).text, "details": mask(details).text}
    if (texts["question"], texts["details"]) != (question, details):
        kept = {name: texts.get(name, value) for name, value in flow_run.parameters.items()}
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, parameters=kept)
