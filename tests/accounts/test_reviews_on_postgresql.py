"""Reviews and populations on PostgreSQL, as on SQLite."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from fixtures_account_site import AccountSite
from fixtures_population import company
from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from temanashi.accounts.directories_file import NO_DIRECTORIES
from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.faults import LineStale
from temanashi.accounts.reviews.keeping import keep, kept, last_snapshot, note_snapshot, prune_populations
from temanashi.hosts.inventory import Inventory
from temanashi.people import Actor
from temanashi.workspace.reading_accounts import Places
from temanashi.workspace.reviewing.deciding import Wanted, decide, keep_plain_lines
from temanashi.workspace.reviewing.opening import review_of
from temanashi.workspace.reviewing.pack_check import check_review_pack
from temanashi.workspace.reviewing.packing import pack_review
from temanashi.workspace.reviewing.reading import counts_of, every_line, pick_lines, read_line

HANA = Actor(name="hana")


@pytest.fixture
def opened(tmp_path, postgresql_url, monkeypatch):  # noqa: F811
    monkeypatch.setenv("TEMA_DATABASE_URL", postgresql_url)
    site = AccountSite(tmp_path / "site")
    site.register(policy={})
    with site.opened() as installation:
        assert installation.database.dialect == "postgresql"
        yield installation


def test_a_review_is_decided_paged_and_packed(opened, tmp_path):
    made = company(11)
    places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
    review = review_of(opened, places, made.population, actor=HANA, channel="cli")
    with opened.database.reading() as connection:
        flagged = pick_lines(connection, review.id, finding="privileged", words="p0", first=3, limit=5)
        assert len(flagged.lines) == 5
        plain = pick_lines(connection, review.id, finding="none")
    assert keep_plain_lines(opened, review.id, actor=HANA, channel="cli").decided == plain.total
    one = flagged.lines[0]

    def both(verdict):
        asked = Asked(verdict=verdict, reason="同時に", until=date(2035, 3, 31))
        try:
            return decide(opened, review.id, Wanted(one.line.id, asked, one.digest), actor=HANA, channel="cli").decision.verdict
        except LineStale:
            return "stale"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(both, ("keep", "exception")))
    assert said[-1] == "stale"  # whoever came second is told
    with opened.database.reading() as connection:
        assert read_line(connection, review.id, one.line.id).decision.verdict == said[0]
        counts = counts_of(connection, review.id)
        assert counts.undecided == len([line for line in every_line(connection, review.id) if line.decision is None])
    pack = pack_review(opened, review.id, tmp_path / "pack.zip", actor=HANA, channel="cli")
    assert check_review_pack(pack.file, trusted=None).decided == plain.total + 1


def test_populations_are_kept_found_and_let_go(opened):
    first, second = (company(seed).population.targets[0] for seed in (1, 2))
    now = opened.clock.now()
    with opened.database.transaction() as connection:
        digests = [keep(connection, one, used=False, now=now) for one in (first, second, first)]
        assert digests[0] == digests[2]
        note_snapshot(connection, second, digests[1], seq=1)
        assert kept(connection, digests[0], taken_at=first.taken_at).digest == first.digest
        assert last_snapshot(connection, "corp", "ldap").digest == second.digest
        assert last_snapshot(connection, "corp", "scim") is None
        assert prune_populations(connection, before=now.replace(year=2100)) == 1
