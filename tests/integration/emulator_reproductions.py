"""Executed by the emulator's own interpreter: which patches it still needs, and whether each mends what it says.

Usage: python -I emulator_reproductions.py LAUNCHER DATA_DIR. Prints one JSON object.
"""

# The emulator's modules are there once the launcher has prepared their import; the answer is what is printed.
# ruff: noqa: PLC0415, T201, BLE001

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import inspect
import itertools
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PROJECT, DATASET = "a-project", "local"


def main(launcher_path: str, data_dir: str) -> None:
    """Measure each patch: its code as expected, its fault there before it is applied and gone afterwards."""
    spec = importlib.util.spec_from_file_location("launcher", launcher_path)
    assert spec is not None
    assert spec.loader is not None
    launcher = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launcher)
    launcher.install_extensions()
    rewrites = {name: _unparsable(name, launcher.REWRITES[name]) for name in launcher.REWRITES}
    if sys.version_info < (3, 12):
        sys.meta_path.insert(0, launcher._Finder())
    from local_bigquery.settings import settings

    settings.data_dir = Path(data_dir)
    settings.default_project_id, settings.default_dataset_id = PROJECT, DATASET
    found = {}
    for module in map(launcher.patches, launcher.MODULES):
        for patch in module.PATCHES:
            name = patch.__name__
            expected = module.WRITTEN_FOR[name]
            reproduction = REPRODUCTIONS.get(name)
            before = _fault(reproduction)
            # Of what earlier patches have replaced, the source is theirs: digests are of the original's.
            sources = {target: ORIGINALS.get(target) or _digest(target) for target in expected}
            ORIGINALS.update(sources)
            patch()
            found[name] = {
                "documented": all(part in (patch.__doc__ or "") for part in ("Wrong:", "Where:", "Mended:")),
                "changed": [t for t, digest in expected.items() if sources[t] != digest],
                "digests": sources,
                "before": before,
                "after": _fault(reproduction),
            }
    version = importlib.metadata.version("local-bigquery")
    print(json.dumps({"version": version, "known": launcher.VERSION, "patches": found, "rewrites": rewrites}))


ORIGINALS: dict[str, str] = {}
_numbers = itertools.count()


def _digest(target: str) -> str:
    module, _, name = target.rpartition(".")
    try:
        value = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return "gone"
    return hashlib.sha256(inspect.getsource(inspect.unwrap(value)).encode()).hexdigest()[:16]


def _unparsable(name: str, rewrites: Any) -> str:
    """Whether the file as it is cannot be read by this Python, and can be once it is rewritten."""
    package, *parts = name.split(".")
    root = importlib.util.find_spec(package)
    assert root is not None
    path = Path(root.submodule_search_locations[0], *parts).with_suffix(".py")  # type: ignore[index]
    source = path.read_text()
    if any(old not in source for old, _ in rewrites):
        return "changed"
    with contextlib.suppress(SyntaxError):
        compile(source, path, "exec")
        return "not needed" if sys.version_info < (3, 12) else "needed on 3.11"
    for old, new in rewrites:
        source = source.replace(old, new)
    compile(source, path, "exec")
    return "needed"


def _fault(reproduction: Callable[[], bool] | None) -> bool | None:
    return None if reproduction is None else reproduction()


def _configuration() -> Any:
    from local_bigquery.models import JobConfiguration

    return JobConfiguration.model_validate({"query": {"query": "SELECT 1", "useLegacySql": False}})


def two_submissions_of_one_id() -> bool:
    """Anything but one job that runs and one answer `duplicate`."""
    from local_bigquery.engine import database
    from local_bigquery.errors import BigQueryError
    from local_bigquery.jobs import runner, store

    database.connection()
    both, load, job_id = threading.Barrier(2), store.load, f"twice_{next(_numbers)}"
    ends: list[str] = []

    def together(*given: Any) -> Any:
        found = load(*given)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)
        return found

    def submit() -> None:
        try:
            runner.submit(PROJECT, job_id, _configuration())
            ends.append("taken")
        except BigQueryError as error:
            ends.append(error.reason)
        except Exception as error:
            ends.append(type(error).__name__)

    store.load = together
    try:
        threads = [threading.Thread(target=submit) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        store.load = load
    futures = [running.future for running in list(runner._running.values()) if running.future is not None]
    ends += [type(error).__name__ for future in futures if (error := future.exception(30)) is not None]
    return sorted(ends) != ["duplicate", "taken"]


def a_job_that_no_thread_runs() -> bool:
    from local_bigquery.engine import database
    from local_bigquery.jobs import runner, store
    from local_bigquery.models import JobStatus

    database.connection()
    job_id = f"lost_{next(_numbers)}"
    job = runner._job(PROJECT, job_id, _configuration().replace(jobType="QUERY"))
    store.save(job.replace(status=JobStatus(state="PENDING")))
    return bool(runner.get(PROJECT, job_id).status.state != "DONE")


def a_search_for_pandas() -> bool:
    from local_bigquery.engine import database

    class Spy:
        asked = 0

        def find_spec(self, name: str, *_: Any) -> None:
            self.asked += name.partition(".")[0] == "pandas"

    database.connection()
    spy: Any = Spy()
    sys.meta_path.insert(0, spy)
    try:
        database.fetch("SELECT ?", [1])
        database.fetch("SELECT ?", [2])
    finally:
        sys.meta_path.remove(spy)
    return bool(spy.asked)


def several_threads() -> bool:
    """DuckDB's default is a thread a core: on a machine with one core the fault cannot be seen."""
    from local_bigquery.engine import database

    database.reset()
    several = bool(database.fetch("SELECT current_setting('threads')")[0][0] > 1)
    database.reset()
    return several


@contextlib.contextmanager
def _statements() -> Iterator[list[str]]:
    """What is asked of DuckDB while it lasts."""
    from local_bigquery.engine import database

    asked: list[str] = []
    fetch = database.fetch

    def spying(sql: str, params: Any = None) -> Any:
        asked.append(sql)
        return fetch(sql, params)

    database.fetch = spying
    try:
        yield asked
    finally:
        database.fetch = fetch


def _a_table() -> None:
    from local_bigquery.engine import database

    database.execute(f'CREATE OR REPLACE TABLE "{PROJECT}"."{DATASET}"."t" (a BIGINT NOT NULL, b VARCHAR)')
    database.execute(f'INSERT INTO "{PROJECT}"."{DATASET}"."t" VALUES (1, NULL)')


def a_query_that_runs_thrice() -> bool:
    from local_bigquery.catalog import tables
    from local_bigquery.engine import database
    from local_bigquery.models import JobConfigurationQuery

    _a_table()
    config = JobConfigurationQuery(query="", writeDisposition="WRITE_TRUNCATE")
    with database.cursor() as cur:
        cur.execute("CREATE OR REPLACE TEMP SEQUENCE runs")
        query = "SELECT nextval('runs') AS run, $given AS given"
        tables.write(cur, query, {"given": 7}, (PROJECT, DATASET, "once"), config)
        ((run, given),) = cur.execute(f'SELECT * FROM "{PROJECT}"."{DATASET}"."once"').fetchall()
    assert given == 7
    return bool(run > 1)


def jobs_written_in_transactions() -> bool:
    from local_bigquery.engine import database
    from local_bigquery.jobs import runner, store

    job_id = f"script_{next(_numbers)}"
    script = {"query": "DECLARE x INT64; SELECT 1; SELECT 2;", "useLegacySql": False}
    runner.submit(PROJECT, job_id, _configuration().model_validate({"query": script}))
    job = runner.wait(PROJECT, job_id)
    listed = store.list_(PROJECT, states=["DONE"], parent_job_id=job_id)
    parts = sorted(part.jobReference.jobId for part in listed)
    assert (job.status.state, parts) == ("DONE", [f"script_job_{job_id}_{number}" for number in range(2)]), parts
    assert job_id in [one.jobReference.jobId for one in store.list_(PROJECT)]
    ((written,),) = database.fetch(f"SELECT count(*) FROM emulator.jobs WHERE job_id = '{job_id}'")
    if journal := store.load.__globals__.get("_at"):
        journal.cache_clear()  # as a new process reads the file
        assert store.load(PROJECT, job_id) == job
    store.delete(PROJECT, job_id)
    assert [store.load(PROJECT, one) for one in (job_id, *parts)] == [None] * 3
    return bool(written)


def all_tables_for_one() -> bool:
    from local_bigquery.engine import database

    _a_table()
    with _statements() as asked:
        found = database.objects(PROJECT, DATASET, "t")
    assert [row[:2] for row in found] == [("t", "TABLE")], found
    assert database.objects(PROJECT, DATASET, "nothing") == []
    return any("duckdb_tables()" in sql for sql in asked)


def all_columns_for_one() -> bool:
    from local_bigquery.catalog import tables

    _a_table()
    with _statements() as asked:
        found = tables.columns(PROJECT, DATASET, "t")
    assert [(f.name, f.mode) for f in found] == [("a", "REQUIRED"), ("b", "NULLABLE")], found
    return any("duckdb_columns()" in sql for sql in asked)


_NEWEST = "SELECT * FROM s QUALIFY row_number() OVER (PARTITION BY game, player ORDER BY stamp DESC) = 1"
_WHOLE = f"""
SELECT game, count_if(whole) >= 2 AS whole
FROM (SELECT game, sum(minutes) >= 100 AND sum(points) >= 4 AS whole FROM ({_NEWEST}) GROUP BY game, team)
GROUP BY game
"""
_JOINED = f"p JOIN ({_WHOLE}) w ON w.whole AND w.game = p.game LEFT JOIN ({_NEWEST}) n ON (p.game, p.player) = (n.game, n.player)"
_DYING = f"""
CREATE TABLE s AS SELECT 1 AS game, n AS player, n % 2 AS team, n + 10 AS points, 30 AS minutes, n AS stamp FROM range(18) t(n);
CREATE TABLE p AS SELECT n AS id, n AS player, 1 AS game FROM range(2) t(n);
CREATE TABLE g (id INT, player INT, game INT, points INT);
BEGIN;
INSERT INTO g (id, player, game) SELECT p.id, p.player, p.game FROM {_JOINED};
UPDATE g SET points = f.points FROM (SELECT p.id, n.points FROM {_JOINED}) f
WHERE g.id = f.id AND coalesce(g.points, -1) <> coalesce(f.points, -1);
COMMIT;
"""
_COLUMNS = 20
_EMPTY = f"""
CREATE TABLE p (id INT, {", ".join(f"c{n} INT" for n in range(_COLUMNS))});
CREATE TABLE q (id INT);
INSERT INTO q VALUES (1);
CALL enable_logging('QueryLog');
SELECT * FROM p JOIN q USING (id);
"""
_ASKED = "SELECT count(*) FROM duckdb_logs WHERE type = 'QueryLog' AND message LIKE '%ducklake_table_stats%'"
_LAKE = """
import sys, duckdb
folder, disabled, script, question = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"ATTACH 'ducklake:{folder}/m.db' AS lake (DATA_PATH '{folder}/files', DATA_INLINING_ROW_LIMIT 0)")
connection.execute(f"USE lake; SET threads = 1; SET GLOBAL disabled_optimizers = '{disabled}'")
connection.execute(script)
print(connection.execute(question).fetchone()[0])
"""


def a_window_that_kills() -> bool:
    done = _in_a_lake(_DYING, "SELECT 0")
    assert done.returncode == 0 or "Could not find matching file" in done.stderr, done.stderr[-1000:]
    return done.returncode != 0


def an_empty_table_asked_by_column() -> bool:
    done = _in_a_lake(_EMPTY, _ASKED)
    assert done.returncode == 0, done.stderr[-1000:]
    return int(done.stdout) >= _COLUMNS


def _in_a_lake(script: str, question: str) -> subprocess.CompletedProcess[str]:
    """Run a script in another process, with the optimizers that the emulator's own connection has."""
    from local_bigquery.engine import database

    database.reset()
    ((disabled,),) = database.fetch("SELECT current_setting('disabled_optimizers')")
    database.reset()
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-I", "-c", _LAKE, folder, disabled, script, question]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


REPRODUCTIONS: dict[str, Callable[[], bool]] = {
    "take_ids_one_at_a_time": two_submissions_of_one_id,
    "end_lost_jobs": a_job_that_no_thread_runs,
    "skip_pandas": a_search_for_pandas,
    "use_one_thread": several_threads,
    "run_a_query_once": a_query_that_runs_thrice,
    "keep_jobs_in_a_journal": jobs_written_in_transactions,
    "find_one_table": all_tables_for_one,
    "read_columns_of_one_table": all_columns_for_one,
    "number_rows_as_written": a_window_that_kills,
    "plan_without_statistics": an_empty_table_asked_by_column,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
