"""What bounds the partition of a table, and what does not: the judge of `test_i39_every_statement_filters_the_partition`."""

from __future__ import annotations

import pytest

from googlesql.analyser import Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import DEFINITION, NAMES, everything, functions
from googlesql.partitions import unbounded
from googlesql.types import scalar

__all__ = ["analyser"]

#: What the incident suite puts before the judge: every statement, the body of each table function, and no view: its readers are judged.
BOUNDED = [*(f for f in everything() if not f.is_definition), *functions()]
P = f"`{NAMES.table('player_prop_predictions')}`"
G = f"`{NAMES.table('prediction_accuracy')}`"
R = f"`{NAMES.table('prediction_worker_runs')}`"
V = f"`{NAMES.dataset('nba_predictions')}.prediction_coverage`"


@pytest.mark.parametrize(
    ("sql", "scans"),
    [
        (f"SELECT 1 FROM {P}", 1),
        (f"SELECT 1 FROM {P} WHERE system_id = 'x'", 1),
        (f"SELECT 1 FROM {P} WHERE game_date = @d", 0),
        (f"SELECT 1 FROM {P} WHERE @d <= game_date", 0),
        (f"SELECT 1 FROM {P} WHERE game_date IN UNNEST([@d])", 0),
        (f"SELECT 1 FROM {P} WHERE game_date = @d OR system_id = 'x'", 1),
        (f"SELECT 1 FROM {P} WHERE game_date = @d OR game_date = @e", 0),
        (f"SELECT 1 FROM {P} WHERE @d IS NULL OR game_date = @d", 1),
        (f"SELECT 1 FROM {P} WHERE NOT game_date = @d", 1),
        (f"SELECT 1 FROM {P} WHERE game_date IS NOT NULL", 1),
        (f"SELECT 1 FROM {P} WHERE game_date = DATE(created_at)", 1),
        (f"SELECT 1 FROM {P} WHERE game_date = (SELECT MAX(game_date) FROM {G} WHERE game_date < @d)", 1),
        (f"SELECT 1 FROM {P} AS p JOIN {G} AS g ON g.game_date = p.game_date WHERE p.game_date = @d", 1),
        (
            f"SELECT 1 FROM {P} AS p JOIN {G} AS g ON g.game_date = p.game_date AND g.game_date = @d WHERE p.game_date = @d",
            0,
        ),
        (f"SELECT 1 FROM {P} AS p LEFT JOIN {G} AS g ON g.game_date = @d AND p.game_date = @d", 1),
        (f"SELECT 1 FROM {P} AS p LEFT JOIN {G} AS g ON TRUE WHERE p.game_date = @d AND g.game_date = @d", 1),
        (f"SELECT 1 FROM {P} WHERE game_date = @d AND batch_id IN (SELECT batch_id FROM {G})", 1),
        (f"SELECT (SELECT COUNT(*) FROM {G}) FROM {P} WHERE game_date = @d", 1),
        (f"WITH x AS (SELECT * FROM {P}) SELECT 1 FROM x WHERE game_date = @d", 1),
        (f"SELECT 1 FROM {P} WHERE game_date = @d UNION ALL SELECT 1 FROM {G}", 1),
        (f"UPDATE {P} SET is_active = TRUE WHERE system_id = 'x'", 1),
        (f"UPDATE {P} AS p SET is_active = TRUE FROM {G} AS g WHERE p.game_date = @d AND g.game_date = p.game_date", 1),
        (f"DELETE FROM {P} WHERE system_id = 'x'", 1),
        (f"DELETE FROM {P} WHERE game_date = @d", 0),
        (f"INSERT INTO {P} (game_date) SELECT game_date FROM {G}", 1),
        (f"INSERT INTO {P} (game_date) SELECT @d", 0),
        (
            f"MERGE {G} AS g USING (SELECT @d AS d) AS s ON g.game_date = s.d WHEN MATCHED THEN UPDATE SET is_voided = TRUE",
            1,
        ),
        (
            f"MERGE {G} AS g USING (SELECT @d AS d) AS s ON g.game_date = @d WHEN MATCHED THEN UPDATE SET is_voided = TRUE",
            0,
        ),
        (f"MERGE {G} AS g USING {P} AS s ON g.game_date = @d WHEN MATCHED THEN UPDATE SET is_voided = TRUE", 1),
        (
            f"MERGE {G} AS g USING (SELECT @d AS d) AS s ON g.game_date = @d WHEN NOT MATCHED BY SOURCE THEN DELETE",
            1,
        ),
        (
            f"MERGE {G} AS g USING (SELECT @d AS d) AS s ON g.game_date = @d WHEN NOT MATCHED BY SOURCE AND g.game_date = @d THEN DELETE",
            0,
        ),
        (f"SELECT 1 FROM {R} WHERE game_date = @d", 1),
        (f"SELECT 1 FROM {R} WHERE game_date = @d AND run_date >= TIMESTAMP(@d)", 0),
        (f"SELECT 1 FROM {V}", 1),
        (f"SELECT 1 FROM {V} WHERE game_date >= @d", 0),
    ],
)
def test_unbounded_partition_scans_are_found(analyser: Analyser, sql: str, scans: int) -> None:
    parameters = {"d": scalar("DATE"), "e": scalar("DATE")}
    assert len(unbounded(analyser.analyse(sql, parameters))) == scans


def test_a_function_without_a_bound_is_found(analyser: Analyser) -> None:
    """Its callers cannot bound it: nothing but its own text does."""
    (body,) = functions()
    assert unbounded(analyser.analyse(body.text, body.parameters)) == []
    broken = body.text.replace("game_date = @day", "TRUE")
    assert broken != body.text
    assert unbounded(analyser.analyse(broken, body.parameters)) == ["player_prop_predictions.game_date"]


def test_a_view_can_be_made_over_tables_with_a_filter(analyser: Analyser) -> None:
    """BigQuery may refuse to make a view over a table that requires a filter, and pushes no reader's filter through a window."""
    views = [found for found in everything() if found.is_definition]
    assert len(views) > 8
    for view in views:
        definition = DEFINITION.match(view.text)
        if definition is not None and definition[1] != "VIEW":
            continue
        body = view.text if definition is None else view.text[definition.end() :]
        assert unbounded(analyser.analyse(body, view.parameters)) == [], view.name
