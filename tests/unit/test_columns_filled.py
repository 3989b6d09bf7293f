"""Every column of the output tables is filled by some path, or docs/data.md says why it is not; no field is dropped."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from regen.adapters.bigquery.params import audit_row
from regen.adapters.memory.quality import quality_row
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import Batch
from regen.domain.challengers import Challenged
from regen.domain.outcome import Outcome, OutcomeKind, Prediction, Provenance
from regen.domain.quality import GameSums, Limits, Measure, measured
from regen.domain.result_rows import prediction_row, run_row
from regen.domain.values import replace
from regen.schemas import table, tables
from regen.schemas.staging import FILLED, GRADED
from regen.services.batch.challenger_rows import challenger_rows
from regen.services.batch.gathering import Gathered
from regen.sql.lists import AUDIT_FILLED
from regen.sql.render import source
from support.bench import Bench

AT = datetime(2026, 1, 20, 20, tzinfo=UTC)
INPUTS = {"pending_bdb_games", "player_prop_lines"}
PREDICTION = Prediction(
    *("p1", "ensemble_v1", "1-a1b2c3", 21.5, 5.0, 70.0, "OVER"),
    line=19.5,
    bookmaker="draftkings",
    over_probability=0.6,
    filter_reason="low_quality",
    factors={"form": 1.5},
    warnings=("stale line",),
    price_edge=0.04,
    line_minutes=35,
    is_fallback=True,
    line_source="ODDS_API",
)
PROVENANCE = Provenance(
    "h",
    "v1",
    "f",
    90.0,
    10,
    "GOLD",
    "bigdataball",
    "available",
    9,
    "BOS",
    "NYK",
    "tip_off",
    "2026-01-20T08:00:00+00:00",
    "zones",
)
OUTCOME = Outcome(
    "playera",
    "0022500601",
    OutcomeKind.PRODUCED,
    reason="a_reason",
    error="an error",
    predictions=(PREDICTION,),
    system_problems={"learned_v1": "no_history"},
    provenance=PROVENANCE,
    game_start="2026-01-21T00:30:00+00:00",
    seconds=0.25,
    round=2,
    code_version="1",
)
NUMBERS: tuple[Any, ...] = (9, 8, 1, 2, 3, 4, 56, 57, 88.5, {"failed": []}, "an error", AT, AT + timedelta(seconds=3))
PERSON = "claimed:ann@laptop"
ENTRY = AuditEntry(
    *("e1", AuditEvent.PROMOTED, AT, date(2026, 1, 20), "b1", 1, "promoted", "late", "api_key:one", {"a": 1}, "t1"),
    *(*NUMBERS, PERSON),
)
OTHER: dict[type, Any] = {
    str: "other",
    int: 77,
    float: 7.25,
    bool: False,
    tuple: (),
    dict: {"other": 2.5},
    date: date(2026, 1, 21),
}


@pytest.fixture(scope="module")
def batch() -> Batch:
    return Bench().run()


def unlisted() -> dict[str, set[str]]:
    """The columns that docs/data.md lists as empty, by table."""
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    part = text.split("## 7. Columns that stay empty", 1)[1]
    found: dict[str, set[str]] = {}
    for name, columns, why in re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", part, re.MULTILINE):
        assert len(why) > 7
        found.setdefault(name, set()).update(re.findall(r"`(\w+)`", columns))
    return found


def _given(row: dict[str, Any]) -> set[str]:
    return {name for name, value in row.items() if value not in (None, [], {}, ())}


def filled(batch: Batch) -> dict[str, set[str]]:
    predictions = _given(prediction_row(batch, OUTCOME, PREDICTION, AT))
    promoting = source("promote") + source("rollback")
    transaction = {name for name in FILLED if re.search(rf"\b{name}\b", promoting)}
    runs: set[str] = set()
    for kind in OutcomeKind:
        runs |= _given(run_row(batch, replace(OUTCOME, kind=kind), AT))
    fences = source("raise_fence") + source("mend_fences") + source("promote")
    fence = {name for name in table("promotion_fence").columns if re.search(rf"\b{name}\b", fences)}
    locks = {name for name in table("statement_locks").columns if re.search(rf"\b{name}\b", source("raise_fence"))}
    grading = source("grade")
    inserted = re.search(r"INSERT INTO \{prediction_accuracy\} \(([^)]+)\)", grading)
    assert inserted is not None
    grades = set(re.findall(r"\w+", inserted[1]))
    unknown = set(table("player_prop_predictions").columns) - predictions - transaction
    graded = re.compile(r"^ {2}(\w+) = (.+?)(?=,?\n(?: {2}\w|FROM))", re.MULTILINE | re.DOTALL)
    for column, expression in graded.findall(grading):
        if not unknown & set(re.findall(r"fresh\.(\w+)", expression)):
            grades.add(column)
    return {
        "player_prop_predictions": predictions | transaction,
        "prediction_worker_runs": runs,
        "prediction_regeneration_audit": _given(audit_row(ENTRY)) | AUDIT_FILLED,
        "prediction_accuracy": grades,
        "promotion_fence": fence,
        "statement_locks": locks,
        "prediction_quality": _given(_quality()),
        "prediction_challengers": _challenged(batch),
    }


def _challenged(batch: Batch) -> set[str]:
    """The columns that the verifier fills, and those that grading fills later."""
    gathered = Gathered([OUTCOME], [OUTCOME], [], [], challenged=[Challenged("0123456789abcdef", [OUTCOME])])
    rows, problems = challenger_rows(replace(batch, challengers=("0123456789abcdef",)), gathered, AT)
    assert not problems
    return {name for row in rows for name in _given(dict(row))} | GRADED


def _quality() -> dict[str, Any]:
    """A row whose figures are all known: of two games, with two before the short window."""
    days = [date(2026, 1, day) for day in (1, 1, 19, 19)]
    sums = [GameSums(day, f"g{n}", "s", 9, 1, 9.0 + n, 5.0, 9, 9, 9, 9, 5, 9, 4.0, 5) for n, day in enumerate(days)]
    found = measured(sums, days[-1], Limits(0, 0, 0, 0, 50, 0, 0))[0]
    return quality_row(replace(found, beyond=(Measure.BIAS,)), AT)


def test_every_output_column_is_filled_or_documented_as_empty(batch: Batch) -> None:
    """Teams were NULL in every row, and nobody had said so."""
    found, told = filled(batch), unlisted()
    own = {t.name for t in tables() if t.owner == "regen"}
    assert own - found.keys() == INPUTS
    for name, columns in found.items():
        assert set(table(name).columns) - columns == told.get(name, set()), name


@pytest.mark.parametrize("name", AuditEntry.__struct_fields__)
def test_every_field_of_an_audit_entry_has_its_column(name: str) -> None:
    changed: Any = {name: _other(getattr(ENTRY, name))}
    assert audit_row(replace(ENTRY, **changed)) != audit_row(ENTRY)


FIELDS = [(kind, name) for kind in (Prediction, Provenance, Outcome) for name in kind.__struct_fields__]


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name in FIELDS])
def test_every_field_of_an_outcome_has_its_column(kind: type, name: str, batch: Batch) -> None:
    prediction, outcome = PREDICTION, OUTCOME
    if kind is Prediction:
        changed: Any = {name: _other(getattr(PREDICTION, name))}
        prediction = replace(PREDICTION, **changed)
        outcome = replace(OUTCOME, predictions=(prediction,))
    elif kind is Provenance:
        changed = {name: _other(getattr(PROVENANCE, name))}
        outcome = replace(OUTCOME, provenance=replace(PROVENANCE, **changed))
    else:
        changed = {name: None if name == "provenance" else _other(getattr(OUTCOME, name))}
        outcome = replace(OUTCOME, **changed)

    def rows(p: Prediction, o: Outcome) -> list[dict[str, Any]]:
        made = [run_row(batch, replace(o, kind=k) if name != "kind" else o, AT) for k in OutcomeKind]
        return [prediction_row(batch, o, p, AT + timedelta(hours=6)), *made]

    assert rows(prediction, outcome) != rows(PREDICTION, OUTCOME)


def _other(value: Any) -> Any:
    if isinstance(value, AuditEvent):
        return AuditEvent.REJECTED
    if isinstance(value, OutcomeKind):
        return OutcomeKind.FAILED
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, str) and value.startswith("2026-"):
        return "2027-01-21T00:30:00+00:00"
    return OTHER[type(value)]


def test_teams_are_in_every_prediction_row() -> None:
    bench = Bench()
    bench.run()
    rows = [row for row in bench.warehouse.predictions(date(2026, 1, 20)) if row.get("batch_id")]
    assert rows
    teams = {(row["team_abbr"], row["opponent_team_abbr"]) for row in rows}
    assert teams <= {("BOS", "NYK"), ("NYK", "BOS")}
