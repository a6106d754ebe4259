"""A month's figures from the ledger's records in plain SQL, written from the definitions and from nothing of the program.

`python tests/books/month_in_sql.py FILE.db 2026-10 [--closed 2026-10-12 ...]` prints each task's seconds. It reads only the tables
`ledger` and `ledger_body` of an SQLite file. Days are cut in Japan (UTC+9); `--closed` names the holidays. For months now over.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from typing import Any

__all__ = ["figures"]

SCRIPT = """
CREATE TEMP TABLE said AS
SELECT l.seq, l.kind, json(l.envelope) AS e, json(b.text) AS b, date(substr(l.recorded_at, 1, 19), '+9 hours') AS day
FROM ledger l LEFT JOIN ledger_body b USING (chain, seq) WHERE l.chain = 'main';

-- Days of the month, and which are business days.
CREATE TEMP TABLE days AS
WITH RECURSIVE d(day) AS (SELECT (SELECT first FROM asked) UNION ALL SELECT date(day, '+1 day') FROM d
  WHERE day < (SELECT date(first, '+1 month', '-1 day') FROM asked))
SELECT day FROM d;

-- Signed minutes: a unit's cost is setup + per * n; one whole where a target has no price or there is one target.
CREATE TEMP TABLE versions AS
SELECT seq, e ->> 'task' AS task, b ->> 'valid_from' AS since, b ->> 'setup_seconds' AS setup, b ->> 'per_target_seconds' AS per,
  COALESCE(b ->> 'targets', 1) AS usual, CASE WHEN b ->> 'per_target_seconds' = 0 OR COALESCE(b ->> 'targets', 1) = 1 THEN 1
  ELSE b ->> 'targets' END AS n, b -> 'demand' ->> 'calendar' AS calendar, b -> 'demand' ->> 'per_month' AS monthly
FROM said WHERE kind = 'task_version' AND e ->> 'actor_kind' = 'person';

CREATE TEMP TABLE demand AS
SELECT task, slot, day, n FROM (SELECT e ->> 'task' AS task, e ->> 'slot' AS slot, COALESCE(b ->> 'day', day) AS day,
  COALESCE(b ->> 'targets', 0) AS n, row_number() OVER (PARTITION BY e ->> 'task', e ->> 'slot' ORDER BY seq) AS nth
  FROM said WHERE kind = 'demand' AND e ->> 'outcome' <> 'cancelled') WHERE nth = 1;
CREATE INDEX temp.demand_key ON demand (task, slot);

CREATE TEMP TABLE cancelled AS
SELECT DISTINCT e ->> 'task' AS task, e ->> 'slot' AS slot FROM said
WHERE kind = 'demand' AND e ->> 'outcome' = 'cancelled' AND trim(e ->> 'reason') <> '';

-- The version that counts on each day of the month.
CREATE TEMP TABLE forced AS
SELECT d.day, v.* FROM days d, versions v WHERE v.seq = (SELECT seq FROM versions w WHERE w.task = v.task AND w.since <= d.day
  ORDER BY w.since DESC, w.seq DESC LIMIT 1);

CREATE TEMP TABLE slots AS
SELECT task, seq, day AS slot, n FROM forced WHERE calendar = 'day' OR (calendar = 'week' AND strftime('%w', day) = '1')
  OR (calendar = 'month' AND day LIKE '%-01')
  OR (calendar = 'business_day' AND strftime('%w', day) NOT IN ('0', '6') AND day NOT IN (SELECT day FROM closed));

CREATE TEMP TABLE units AS
SELECT task, seq, slot, n FROM slots UNION ALL
SELECT f.task, f.seq, d.slot, CASE WHEN f.per = 0 THEN 1 WHEN d.n > 0 THEN d.n ELSE f.usual END FROM forced f
JOIN demand d ON d.task = f.task AND d.day = f.day WHERE f.calendar IS NULL;
DELETE FROM units WHERE (task, slot) IN (SELECT task, slot FROM cancelled);

CREATE TEMP TABLE baselines AS
SELECT task, seq, (SELECT setup + per * n FROM versions v WHERE v.seq = s.seq) * count(*) AS seconds FROM slots s GROUP BY task, seq
UNION ALL SELECT task, seq, CAST(monthly * (setup + per * n) * count(*) / (SELECT count(*) FROM days) + 0.5 AS INTEGER) FROM forced
WHERE calendar IS NULL GROUP BY task, seq;

-- Occasions that the baseline assumes where nobody recorded any in the whole month.
CREATE TEMP TABLE assumed AS
SELECT task, seq, n, CAST(monthly * count(*) * 1.0 / (SELECT count(*) FROM days) + 0.5 AS INTEGER) AS most FROM forced f
WHERE calendar IS NULL AND NOT EXISTS (SELECT 1 FROM demand d JOIN days USING (day) WHERE d.task = f.task) GROUP BY task, seq;

-- What people did in runs.
CREATE TEMP TABLE deeds AS
SELECT seq, kind, day, e ->> 'task' AS task, e ->> 'slot' AS slot, e ->> 'step' AS step, e ->> 'mode' AS mode,
  e ->> 'outcome' AS outcome, e ->> 'human_seconds' AS seconds, COALESCE(NULLIF(e ->> 'run', ''), e ->> 'event_id') AS run, e
FROM said WHERE kind IN ('decision', 'step_done', 'run_finished') AND e ->> 'task' <> 'ad-hoc-command';
CREATE INDEX temp.deeds_run ON deeds (run, kind);

CREATE TEMP TABLE confirmed AS
SELECT run, step, sum(seconds) AS seconds FROM deeds WHERE kind = 'decision' AND outcome = 'done' GROUP BY run, step;
CREATE INDEX temp.confirmed_run ON confirmed (run, step);

CREATE TEMP TABLE runs AS
SELECT d.*, EXISTS (SELECT 1 FROM confirmed c WHERE c.run = d.run) AND NOT EXISTS (SELECT 1 FROM deeds s WHERE s.run = d.run
    AND s.kind = 'step_done' AND s.outcome <> 'by_hand' AND (s.run, s.step) NOT IN (SELECT run, step FROM confirmed)) AS by_hand,
  EXISTS (SELECT 1 FROM confirmed c WHERE c.run = d.run AND c.seconds = 0) AS untimed
FROM deeds d WHERE kind = 'run_finished';

CREATE TEMP TABLE touched AS
SELECT r.seq AS run, t.value ->> 'target' AS target, min(t.value ->> 'outcome' IN ('changed', 'already')) AS good
FROM runs r, json_each(r.e -> 'targets') t GROUP BY r.seq, t.value ->> 'target'
UNION ALL SELECT seq, '-', outcome = 'done' FROM runs WHERE json_array_length(e -> 'targets') = 0;
CREATE INDEX temp.touched_run ON touched (run);

-- Which unit each deed served: of the recorded demand's day, else of the day that the slot names, else of its own day.
CREATE TEMP TABLE placed AS
SELECT p.*, CASE WHEN calendar IS NULL THEN COALESCE(NULLIF(slot, ''), run) WHEN calendar = 'week' THEN monday
  WHEN calendar = 'month' THEN substr(at, 1, 8) || '01' WHEN calendar = 'business_day' AND (strftime('%w', at) IN ('0', '6')
  OR at IN (SELECT day FROM closed)) THEN NULL ELSE at END AS unit,
  CASE calendar WHEN 'week' THEN monday WHEN 'month' THEN substr(at, 1, 8) || '01' ELSE at END AS served
FROM (SELECT q.*, date(at, '-' || ((strftime('%w', at) + 6) % 7) || ' days') AS monday, (SELECT calendar FROM versions v
    WHERE v.task = q.task AND v.since <= at ORDER BY v.since DESC, v.seq DESC LIMIT 1) AS calendar
  FROM (SELECT seq, kind, task, slot, run, step, mode, outcome, COALESCE((SELECT d.day FROM demand d WHERE d.task = deeds.task
    AND d.slot = deeds.slot), CASE WHEN slot GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' THEN date(slot) END, day) AS at
    FROM deeds) q) p;
DELETE FROM placed WHERE served NOT IN (SELECT day FROM days);
CREATE INDEX temp.placed_seq ON placed (seq);

-- Runs that may earn: live, ended by themselves, not done by hand, no untimed people, at least one target as wished.
CREATE TEMP TABLE fit AS
SELECT p.seq, p.task, p.unit FROM placed p JOIN runs r USING (seq) WHERE r.mode = 'live'
  AND r.outcome NOT IN ('cancelled', 'refused') AND NOT r.by_hand AND NOT r.untimed
  AND EXISTS (SELECT 1 FROM touched t WHERE t.run = r.seq AND t.good) AND p.unit IS NOT NULL;

INSERT INTO units
SELECT a.task, a.seq, o.unit, a.n FROM assumed a
JOIN (SELECT task, unit, row_number() OVER (PARTITION BY task ORDER BY min(seq)) AS nth
  FROM fit WHERE (task, unit) NOT IN (SELECT task, slot FROM cancelled) GROUP BY task, unit) o
ON o.task = a.task AND o.nth <= a.most;

CREATE TEMP TABLE seen AS
SELECT f.task, f.unit, f.seq, t.target, t.good FROM fit f JOIN touched t ON t.run = f.seq;
CREATE INDEX temp.seen_unit ON seen (task, unit, target);

-- Targets done of each unit. A whole is done at the first run at which everything touched so far had been as wished.
CREATE TEMP TABLE done AS
SELECT u.*, CASE WHEN n > 1 THEN min(n, COALESCE(NULLIF((SELECT count(DISTINCT target) FROM seen s WHERE s.task = u.task
    AND s.unit = u.slot AND s.good AND target <> '-'), 0), (SELECT count(DISTINCT target) FROM seen s WHERE s.task = u.task
    AND s.unit = u.slot AND s.good)))
  ELSE EXISTS (SELECT 1 FROM seen r WHERE r.task = u.task AND r.unit = u.slot AND NOT EXISTS (SELECT 1 FROM seen s
    WHERE s.task = u.task AND s.unit = u.slot AND s.seq <= r.seq AND NOT EXISTS (SELECT 1 FROM seen g WHERE g.task = u.task
      AND g.unit = u.slot AND g.target = s.target AND g.good AND g.seq <= r.seq))) END AS k
FROM units u;

CREATE TEMP TABLE priced AS
SELECT d.task, (CASE WHEN d.n > 0 THEN v.setup + v.per * d.n ELSE 0 END) AS full,
  (CASE WHEN d.n > d.k THEN v.setup + v.per * (d.n - d.k) ELSE 0 END) AS left FROM done d JOIN versions v ON v.seq = d.seq
UNION ALL
SELECT a.task, x.cost, x.cost FROM assumed a JOIN (SELECT seq, setup + per * n AS cost FROM versions) x USING (seq),
  json_each('[' || substr(replace(hex(zeroblob(a.most)), '00', ',0'), 2) || ']') j
  WHERE j.key >= (SELECT count(*) FROM done d WHERE d.task = a.task AND d.seq = a.seq) AND a.most > 0;

-- Effort: one a step of a run, the larger of what decisions and outcomes tell. Work by hand is in what remains already.
CREATE TEMP TABLE spared AS
SELECT p.run FROM placed p JOIN runs r USING (seq) WHERE r.by_hand AND r.mode = 'live' AND r.outcome NOT IN ('cancelled', 'refused')
  AND (p.task NOT IN (SELECT task FROM versions) OR EXISTS (
    SELECT 1 FROM done d WHERE d.task = p.task AND d.slot = p.unit AND NOT d.k));

CREATE TEMP TABLE efforts AS
SELECT run, step, min(seq) AS seq, max(seconds) AS seconds FROM (SELECT run, step, kind, min(seq) AS seq, sum(seconds) AS seconds
  FROM deeds WHERE kind <> 'run_finished' AND mode = 'live' AND seconds > 0 GROUP BY run, step, kind) GROUP BY run, step;
"""

ANSWER = """
SELECT task,
  (SELECT COALESCE(sum(seconds), 0) FROM baselines b WHERE b.task = t.task) AS baseline,
  (SELECT COALESCE(sum(full), 0) FROM priced p WHERE p.task = t.task)
    - (SELECT COALESCE(sum(seconds), 0) FROM baselines b WHERE b.task = t.task) AS demand_effect,
  (SELECT COALESCE(sum(full - left), 0) FROM priced p WHERE p.task = t.task) AS credited,
  (SELECT COALESCE(sum(left), 0) FROM priced p WHERE p.task = t.task) AS remaining,
  (SELECT COALESCE(sum(e.seconds), 0) FROM efforts e JOIN placed p ON p.seq = e.seq WHERE p.task = t.task
    AND e.run NOT IN (SELECT run FROM spared)) AS human
FROM (SELECT task FROM versions UNION SELECT task FROM placed) t ORDER BY task
"""


def figures(file: str, month: str, closed: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """Seconds by task; an SQLite file is opened for reading only."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("CREATE TEMP TABLE asked (first TEXT)")
        connection.execute("INSERT INTO asked VALUES (?)", [f"{month}-01"])
        connection.execute("CREATE TEMP TABLE closed (day TEXT)")
        connection.executemany("INSERT INTO closed VALUES (?)", [(day,) for day in closed])
        connection.executescript(SCRIPT)
        rows = connection.execute(ANSWER).fetchall()
    return {row["task"]: {**dict(row), "manual": row["remaining"] + row["human"]} for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("month")
    parser.add_argument("--closed", nargs="*", default=())
    options = parser.parse_args()
    sys.stdout.write(json.dumps(figures(options.file, options.month, options.closed), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
