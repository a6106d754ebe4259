"""What the FAQ's search costs, and how often it is right beside its peers, in the same run.

`python benchmarks/faq.py [--entries N] [--http]`. The entries are the starter FAQ, repeated for invented systems until there are
2,000; what is asked are phrasings that were left out. CPU time of one process. Goals: an index of 2,000 entries in 10 s, 10 ms a
question, 500 MB installed; with `--http`, 50 ms at the 95th percentile over HTTP while 20 users type.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from temanashi.faq.searching.choosing import chosen_maker, plain_maker  # noqa: E402
from temanashi.faq.searching.documents import Document  # noqa: E402
from temanashi.people import People  # noqa: E402
from temanashi.workspace.faq_files import load_entries  # noqa: E402
from temanashi.workspace.reading import read_files  # noqa: E402

GOALS = {"index s": 10.0, "ms a question": 10.0, "MB installed": 500.0, "ms at the 95th percentile": 50.0}
EXTRA = ("numpy", "snowballstemmer", "sudachidict-core", "sudachipy")
ASKED, USERS, SECONDS, PAUSE = 400, 20, 15.0, 0.3
FIRST = "東西南北新旧大中小本支総経営人財開製品情技"
SECOND = "部課室局所庫場店館社区線路門橋台"

Ask = Callable[[str], Sequence[str]]


def starter() -> list[Any]:
    """The entries of the repository."""
    faults: list[Any] = []
    texts = read_files(ROOT).texts
    people = People.model_validate({"people": {"a": {"name": "a"}}, "groups": {}})
    return [one.entry for one in load_entries(texts, people=people, languages=("ja", "en"), faults=faults).values()]


def repeated(entries: list[Any], lang: Any, count: int) -> tuple[list[Document], list[tuple[str, str]]]:
    """So many documents, and questions with their document: every fourth phrasing is asked and not known."""
    documents, asked = [], []
    for number in range(count):
        entry, turn = entries[number % len(entries)], number // len(entries)
        place = "" if not turn else f"{FIRST[turn % len(FIRST)]}{SECOND[turn % len(SECOND)]}" if lang == "ja" else f"site{turn}"
        text, key = entry.texts[lang], f"{entry.id}-{turn}"
        known = tuple(f"{place} {one}".strip() for at, one in enumerate(text.phrasings) if at % 4 != 1)
        documents.append(Document(key, lang, f"{place} {text.question}".strip(), known, f"{place} {text.answer}".strip()))
        asked += [(f"{place} {one}".strip(), key) for at, one in enumerate(text.phrasings) if at % 4 == 1]
    random.Random(1).shuffle(asked)
    return documents, asked[:ASKED]


def ours(documents: list[Document], maker: Any) -> Ask:
    """A search of ours."""
    index = maker(documents)
    return lambda text: [documents[one.number].key for one in index.search(text, may_show=lambda _: True, limit=5)]


def trigram(documents: list[Document]) -> Ask:
    """SQLite's own FTS5 with trigrams, over everything."""
    table = sqlite3.connect(":memory:")
    table.execute("CREATE VIRTUAL TABLE t USING fts5(body, tokenize = 'trigram')")
    table.executemany("INSERT INTO t VALUES (?)", [("\n".join((*one.asked, one.answer)),) for one in documents])

    def ask(text: str) -> list[str]:
        parts = {text[at : at + 3].replace('"', '""') for at in range(len(text) - 2)}
        if not parts:
            return []
        query = " OR ".join(f'"{part}"' for part in sorted(parts))
        rows = table.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT 5", (query,)).fetchall()
        return [documents[number - 1].key for (number,) in rows]

    return ask


def bm25(documents: list[Document]) -> Ask:
    """BM25 over the words of everything, with the same words as ours."""
    import numpy as np

    from temanashi.faq.searching.tables import Query, Table, Vocabulary
    from temanashi.faq.searching.words import Cutter

    cutter, known = Cutter(), Vocabulary()
    texts = [known.learned(cutter.words("\n".join((*one.asked, one.answer)))) for one in documents]
    table = Table.by_saturation(texts, len(known))

    def ask(text: str) -> list[str]:
        scores = table.sums(Query.of(known, cutter.words(text)))
        return [documents[int(number)].key for number in np.argsort(-scores, kind="stable")[:5]]

    return ask


def measured(name: str, build: Callable[[], Ask], asked: list[tuple[str, str]]) -> dict[str, float]:
    """One line of the table."""
    before = time.process_time()
    ask = build()
    built = time.process_time() - before
    before = time.process_time()
    found = [(ask(text), key) for text, key in asked]
    spent = (time.process_time() - before) / len(asked) * 1000
    first = statistics.mean(answer[:1] == [key] for answer, key in found)
    five = statistics.mean(key in answer for answer, key in found)
    print(f"{name:<34}{built:>9.2f}{spent:>15.2f}{first:>9.3f}{five:>8.3f}", flush=True)
    return {"index s": built, "ms a question": spent}


def installed() -> float:
    """Megabytes of the extra on disk."""
    return (
        sum(Path(str(file.locate())).stat().st_size for name in EXTRA for file in files(name) or () if file.locate().is_file())
        / 1e6
    )


async def typing(url: str, texts: list[str], took: list[float], number: int) -> None:
    """One person who types: a request, a pause, the next."""
    import httpx

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        await asyncio.sleep(PAUSE * number / USERS)
        end = time.perf_counter() + SECONDS
        pick = random.Random(number)
        while time.perf_counter() < end:
            text = pick.choice(texts)
            before = time.perf_counter()
            answer = await client.get("/tema/faq/suggest", params={"q": text[: pick.randint(2, max(2, len(text)))]})
            took.append(time.perf_counter() - before)
            assert answer.is_success, answer.text[:300]
            await asyncio.sleep(PAUSE)


def over_http(texts: list[str]) -> float:
    """Milliseconds at the 95th percentile of search as you type, on the gate with the starter FAQ."""
    from gate import free_port, process
    from temanashi.orchestration.environment import prefect_environment
    from temanashi.people import Actor
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.settings import load_settings
    from temanashi.workspace.loading import load_workspace
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.publishing import publish

    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        lines = f'[tool.temanashi]\nport = {port}\nlanguages = ["ja", "en"]\ngate.sign_in = false\n'
        (folder / "pyproject.toml").write_text(lines, encoding="utf-8")
        for part in ("faq", "runbooks"):
            shutil.copytree(ROOT / part, folder / part)
        settings = load_settings(folder, environ={})
        with open_installation(folder) as opened:
            loaded = load_workspace(folder, kinds=step_kinds())
            publish(opened.database, opened.ledger, loaded, actor=Actor(name="b"), clock=opened.clock)
        env = prefect_environment(settings)
        Path(env["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
        url = f"http://127.0.0.1:{port}"
        with process(["-m", "temanashi.gate"], url, env=env, folder=folder):
            took: list[float] = []

            async def everybody() -> None:
                await asyncio.gather(*(typing(url, texts, took, number) for number in range(USERS)))

            asyncio.run(_warmed(url))
            asyncio.run(everybody())
    slowest = statistics.quantiles(took, n=20)[-1] * 1000
    print(f"search as you type: {len(took)} requests of {USERS} users, median {statistics.median(took) * 1000:.1f} ms, ", end="")
    print(f"95th percentile {slowest:.1f} ms")
    return slowest


async def _warmed(url: str) -> None:
    import httpx

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        await client.get("/tema/faq/suggest", params={"q": "VPN"})


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--http", action="store_true")
    given = parser.parse_args()
    entries, reached = starter(), {}
    for lang in ("ja", "en"):
        for count in (len(entries), given.entries):
            documents, asked = repeated(entries, lang, count)
            print(f"\n{lang}, {count} entries, {len(asked)} questions")
            print(f"{'':<34}{'index s':>9}{'ms a question':>15}{'SR@1':>9}{'SR@5':>8}")
            figures = measured("temanashi", lambda: ours(documents, chosen_maker()), asked)  # noqa: B023
            for name, figure in figures.items():
                reached[name] = max(reached.get(name, 0.0), figure)
            measured("temanashi without the extra", lambda: ours(documents, plain_maker()), asked)  # noqa: B023
            measured("BM25 over the same words", lambda: bm25(documents), asked)  # noqa: B023
            measured("SQLite FTS5, trigrams", lambda: trigram(documents), asked)  # noqa: B023
    reached["MB installed"] = installed()
    print(f"\nextra: {reached['MB installed']:.0f} MB installed")
    print(f"memory at the most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if given.http:
        texts = [text for entry in entries for text in entry.texts["ja"].phrasings]
        reached["ms at the 95th percentile"] = over_http(texts)
    missed = [f"{name}: {figure:.1f} (goal {GOALS[name]:g})" for name, figure in reached.items() if figure > GOALS[name]]
    print("\n" + ("MISSED " + ", ".join(missed) if missed else "every goal is reached"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
