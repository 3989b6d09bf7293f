"""Every statement is one that BigQuery accepts: put through Google's own analyser, against the schema files."""

from __future__ import annotations

import re

import pytest

from googlesql.analyser import Analyser, Refused
from googlesql.catalogue import analyser
from googlesql.discovery import Found, everything, files, is_sent, sendings
from googlesql.types import scalar

__all__ = ["analyser"]

ROOTS = {file.stem: file for file in files()}
#: Statements that no adapter sends: queries that a deployment may give to Terraform, the scheduled one of backups, and those of the notebook, which a test
#: of its own runs.
UNSENT = frozenset({"prop_lines_input", "game_schedule_input", "snapshot_tables"}) | {
    name for name, file in ROOTS.items() if "notebooks" in file.parts
}


def accepted(analyser: Analyser, found: Found) -> int:
    """How many statements and expressions it has.

    Raises:
        Refused: GoogleSQL does not accept one of them.
    """
    return len(analyser.script(found.text, found.parameters))


@pytest.mark.parametrize("found", everything(), ids=lambda f: f.name)
def test_bigquery_accepts_every_statement(analyser: Analyser, found: Found) -> None:
    assert accepted(analyser, found)


@pytest.mark.parametrize("name", sorted(ROOTS))
def test_adapter_sends_every_sql_file(name: str) -> None:
    """So that its parameters have the types that are really sent: add the call to tests/googlesql/senders.py."""
    assert name in UNSENT or any(is_sent(ROOTS[name], found.text) for found in sendings())


#: What the emulator let through, and GoogleSQL does not: each file as it once stood.
FAULTS = {
    "read_slate": (
        r"\boffer\b|\blines\.line\b",
        "line",
        "Partitioning by expressions of type STRUCT containing FLOAT64",
    ),
    "verify_tables": (r"\bmoment\b", "at", "Unexpected keyword AT"),
    "bdb_change": (r"\blooked_at\b", "at", "Unexpected keyword AT"),
    "diff": (r"\bfresh\b", "new", "Syntax error"),
    "standing": (r"\bfresh\b", "new", "Syntax error"),
    "docs/taking-over.md#0": (r"\bfresh\b", "new", "Syntax error"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_former_faulty_statement_is_refused(analyser: Analyser, name: str) -> None:
    pattern, fault, says = FAULTS[name]
    found = next(found for found in everything() if name in found.name.split("+"))
    broken = re.sub(pattern, fault, found.text)
    assert broken != found.text
    with pytest.raises(Refused, match=says):
        analyser.script(broken, found.parameters)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("SELECT list_aggregate([1], 'sum')", "Function not found"),
        ("SELECT 1 = '1'", "No matching signature"),
        ("DECLARE n INT64 DEFAULT 'x'; SELECT n", "No matching signature"),
        ("DECLARE n INT64; SET n = 'x'; SELECT n", "No matching signature"),
        ("IF 'x' THEN SELECT 1; END IF", "No matching signature"),
        ("IF TRUE THEN SELECT 1; ELSE SELECT nothing; END IF", "Unrecognized name: nothing"),
        ("RAISE USING MESSAGE = missing", "Unrecognized name: missing"),
        ("BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN SELECT nothing; END", "Unrecognized name: nothing"),
        ("BEGIN TRANSACTION; SELECT @@row_count + TRUE; COMMIT TRANSACTION", "No matching signature"),
    ],
)
def test_analyser_checks_every_part_of_a_script(analyser: Analyser, script: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        analyser.script(script, {})


def test_a_parameter_of_another_type_is_refused(analyser: Analyser) -> None:
    found = next(found for found in sendings() if found.name == "current_predictions")
    with pytest.raises(Refused, match="No matching signature"):
        analyser.script(found.text, {"game_date": scalar("INT64")})
