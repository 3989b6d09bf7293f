"""What the statements may and may not say, whatever runs them."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from regen.domain.errors import InvalidInput
from regen.sql import Names, render
from regen.sql.lists import AUDIT_FILLED, audit_columns, copied_columns, lists
from regen.sql.render import source

FILES = sorted(f.name.removesuffix(".sql") for f in resources.files("regen.sql").iterdir() if f.name.endswith(".sql"))
NAMES = Names("a-project", "p_")
TARGET = ("target", "`a-project.p_nba_analytics.player_game_summary`")
IMPORT = (
    ("replacements", f"SELECT 1 FROM {TARGET[1]}"), ("staged", "`a-project.p_nba_predictions_staging.s`"), ("dates", "dates_x"),
    ("columns", "a"), ("fresh_columns", "fresh.a"), ("assignments", "a = fresh.a"), ("same", "kept.b = fresh.b"),
)  # fmt: skip
COLUMNS = (("context_columns", "a"), ("feature_columns", "b"), ("game_columns", "c"))


def text(name: str) -> str:
    return render(name, NAMES, "s_1", (*lists(counted=True), *COLUMNS, TARGET, *IMPORT))


@pytest.mark.parametrize("name", FILES)
def test_every_placeholder_and_table_name_is_rendered(name: str) -> None:
    found = text(name)
    assert not re.search(r"\{\w+\}", found)
    assert set(re.findall(r"`([a-z-]+)\.(\w+?)_nba", found)) <= {("a-project", "p")}
    assert "`a-project.p_nba_" in found


@pytest.mark.parametrize("name", FILES)
def test_every_sql_file_states_its_purpose(name: str) -> None:
    assert source(name).startswith("-- ")


@pytest.mark.parametrize("name", ["promote", "rollback"])
def test_superseded_rows_are_never_touched(name: str) -> None:
    """I-03: theirs were reset to current with new numbers."""
    updates = re.findall(r"UPDATE `[^`]*player_prop_predictions` AS old.*?;", text(name), re.DOTALL)
    assert len(updates) == 1
    where = updates[0].rpartition("WHERE old.game_date")[2]
    assert "(old.superseded IS NULL OR old.superseded = FALSE)" in where
    assert "DELETE" not in text(name)


@pytest.mark.parametrize("name", ["promote", "rollback"])
def test_promotion_script_is_one_transaction(name: str) -> None:
    found = text(name)
    assert found.count("BEGIN TRANSACTION;") == found.count("COMMIT TRANSACTION;") == 1
    inside = found.partition("BEGIN TRANSACTION;")[2].partition("COMMIT TRANSACTION;")[0]
    assert inside.index("promotion_fence") < inside.index("player_prop_predictions")
    assert "INSERT INTO `a-project.p_nba_predictions.prediction_regeneration_audit`" in inside
    assert not re.search(r"\bCREATE\b|\bALTER\b|\bDROP\b", inside)


@pytest.mark.parametrize(
    ("name", "lock", "targets"),
    [
        ("raise_fence", "fence", ["promotion_fence"]),
        ("mend_fences", "fence", ["promotion_fence"]),
        ("record_entries", "audit", ["prediction_regeneration_audit"]),
        ("record_runs", "audit", ["prediction_regeneration_audit", "prediction_worker_runs"]),
        ("keep_quality", "grades", ["prediction_quality"]),
    ],
)
def test_inserting_script_updates_its_lock_row_first(name: str, lock: str, targets: list[str]) -> None:
    """Two transactions that only insert do not conflict: a date's fence came twice, and the date was never promoted again."""
    inside = text(name).partition("BEGIN TRANSACTION;")[2].partition("COMMIT TRANSACTION;")[0]
    first = inside.strip().partition(";")[0]
    assert first.startswith("UPDATE `a-project.p_nba_predictions.statement_locks` SET `at` = ")
    assert f"WHERE name = '{lock}'" in first
    assert "@@row_count = 0" in inside
    for target in targets:
        insert = f"INSERT INTO `a-project.p_nba_predictions.{target}`"
        assert text(name).count(insert) == inside.count(insert) == 1


@pytest.mark.parametrize(
    ("name", "lock"),
    [("grade", "grades"), ("keep_quality", "grades"), ("record_entries", "audit"), ("record_runs", "audit")],
)
def test_one_of_two_simultaneous_inserts_is_cancelled(name: str, lock: str) -> None:
    """A MERGE that inserts conflicts with nothing: a redelivered message graded a date twice, for ever."""
    before, _, rest = text(name).partition("BEGIN TRANSACTION;")
    inside = rest.partition("COMMIT TRANSACTION;")[0]
    first = inside.strip().partition(";")[0]
    assert re.match(r"UPDATE `a-project\.p_nba_predictions\.statement_locks`\s+SET `at` = ", first)
    assert first.endswith(f"WHERE name = '{lock}'")
    assert inside.index("@@row_count = 0") < inside.index("INSERT")
    assert "prediction_" not in before


def test_an_import_replaces_all_its_tables_in_one_transaction() -> None:
    found = text("replace_days")
    assert found.index("BEGIN TRANSACTION;") < found.index("SELECT 1") < found.index("COMMIT TRANSACTION;")
    assert not re.search(r"TRANSACTION|CREATE|DROP|INSERT INTO `[^`]*staging", text("replace_rows"))


def test_a_promotion_names_few_tables() -> None:
    """Each table reference of a statement costs at least 10 MB; the number does not grow with the players (I-32)."""
    references = re.findall(r"(?:FROM|UPDATE|JOIN|INTO) `", text("promote"))
    assert len(references) <= 15


@pytest.mark.parametrize(
    ("project", "prefix"),
    [("a`; DROP", ""), ("A-project", ""), ("", ""), ("a-project", "p.q"), ("a-project", "p`"), ("a-project", "p ")],
)
def test_invalid_project_or_prefix_is_refused(project: str, prefix: str) -> None:
    with pytest.raises(InvalidInput):
        Names(project, prefix)


@pytest.mark.parametrize("staging", ["", "a`b", "a.b", "a b", "a-b", "a" * 300])
def test_invalid_staging_table_name_is_refused(staging: str) -> None:
    with pytest.raises(InvalidInput):
        NAMES.staging(staging)


def test_coverage_view_has_the_minutes_of_the_setting() -> None:
    text = render("prediction_coverage_view", Names("a-project", "p_", 12.5))
    assert "IFNULL(slate.avg_minutes_per_game_last_7, 0) < 12.5 THEN 'excluded'" in text


def test_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("promote", NAMES)


def test_column_lists_follow_the_schemas() -> None:
    places = dict(lists(counted=True))
    assert "IF(entry.event_id = @event_id, measured.inserted, entry.regenerated_count)" in places["audit_values"]
    assert "PARSE_JSON(entry.verdict, wide_number_mode => 'round')" in places["audit_values"]
    assert "measured" not in dict(lists(counted=False))["audit_values"]
    assert not AUDIT_FILLED & set(audit_columns())
    assert "batch_id" in copied_columns()
    assert "prediction_id" not in copied_columns()
