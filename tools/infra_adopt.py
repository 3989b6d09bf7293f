"""What a table that is there already lacks: compares it with its schema file, and writes the statements that mend it.

    bq show --format=json nba_predictions.player_prop_predictions | python tools/infra_adopt.py player_prop_predictions

The statements add nullable columns, let a column be empty that regen leaves empty, and widen a type with a limit. That
changes metadata and rewrites no row. All columns come in one statement, because BigQuery takes five changes of a
table's metadata in ten seconds. What no such statement mends is listed on stderr as a conflict, with exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from regen.schemas import Field, Table, table
from regen.sql.bounds import bounded_columns

#: The API's names of a type, and the one that DDL and the schema files agree on.
SAME = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "BIGNUMERIC": "NUMERIC", "STRUCT": "RECORD"}
DDL = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
AT_ONCE = 5
"""Changes of one table's metadata that BigQuery takes in ten seconds."""
ONLY_CHANGED = frozenset({"pending_bdb_games"})
"""Tables whose rows upstream makes: regen changes columns of its own in them, and fills no other."""
DIGITS = 3
"""Before the decimal point: confidence is up to 100."""


def statements(wanted: Table, there: Mapping[str, Any], dataset: str) -> Iterator[str]:
    """Yield the statements that adapt the table, the one with all new columns first."""
    if not _is_table(there):
        return
    name = f"`{dataset}.{wanted.name}`"
    known = _columns(there)
    missing = [f for f in wanted.fields if f.name.lower() not in known]
    if missing:
        columns = ",\n  ".join(f"ADD COLUMN IF NOT EXISTS `{f.name}` {_type(f)}" for f in missing)
        yield f"ALTER TABLE {name}\n  {columns};"
    for field in wanted.fields:
        other = known.get(field.name.lower(), {})
        if other.get("mode") == "REQUIRED" and field.mode == "NULLABLE":
            yield f"ALTER TABLE {name} ALTER COLUMN `{other['name']}` DROP NOT NULL;"
        if other and not _differs(field, other) and _is_narrow(other):
            yield f"ALTER TABLE {name} ALTER COLUMN `{other['name']}` SET DATA TYPE {_type(field)};"


def conflicts(wanted: Table, there: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences that no such statement can remove."""
    if not _is_table(there):
        yield f"is a {there['type']}: regen writes into it, which only a table takes; make one of it, or do not adopt it"
        return
    known = _columns(there)
    for field in wanted.fields:
        if (other := known.get(field.name.lower())) and _differs(field, other):
            yield f"{field.name}: is {_described(other)}, needed {field.mode} {field.type}"
    ours = {f.name.lower() for f in wanted.fields}
    for name, other in known.items():
        if other.get("mode") == "REQUIRED" and name not in ours and wanted.name not in ONLY_CHANGED:
            yield f"{name}: must be filled, and regen does not know it: ALTER COLUMN `{name}` DROP NOT NULL"
    yield from _partition_conflicts(wanted, there)


def _partition_conflicts(wanted: Table, there: Mapping[str, Any]) -> Iterator[str]:
    needed = wanted.partition.field if wanted.partition else None
    by, required = _partition(there)
    if by in {needed, None} or not required:
        # Another partition, or none, costs bytes and is no error: a note says so.
        return
    if by not in bounded_columns(wanted.name):
        yield f"requires a filter on its partition {by}, and regen's statements bound {needed or 'no column'} only"


def notes(there: Mapping[str, Any], wanted: Table | None = None) -> Iterator[str]:
    """Yield the differences that are no conflict."""
    if expires := (there.get("timePartitioning") or {}).get("expirationMs"):
        yield f"partitions expire after {int(expires) / 86_400_000:.0f} days: older dates are refused"
    if expires := there.get("expirationTime"):
        yield f"the whole table expires at {expires} ms after 1970: ALTER TABLE ... SET OPTIONS (expiration_timestamp = NULL)"
    if there.get("streamingBuffer"):
        yield "rows are being streamed into it: regen cannot supersede those for up to 90 minutes; stop the writer first"
    if there.get("encryptionConfiguration"):
        yield "is encrypted with a key of yours: BigQuery's own account needs it for staging and copies as well"
    if wanted is not None:
        yield from _layout_notes(wanted, there)
        yield from _column_notes(wanted, there)
        if (number := len(list(statements(wanted, there, "d")))) > AT_ONCE:
            yield f"{number} changes, and BigQuery takes {AT_ONCE} of a table in ten seconds: run those again that it refuses"


def _layout_notes(wanted: Table, there: Mapping[str, Any]) -> Iterator[str]:
    by, required = _partition(there)
    needed = wanted.partition.field if wanted.partition else None
    if required:
        yield f"requires a filter on its partition {by}: every statement of regen has one where nothing else is said"
    if by is None and needed:
        yield f"is not partitioned: every statement reads, and is billed for, all of it; regen's own is by {needed}"
    elif by != needed:
        yield f"is partitioned by {by}, regen's own by {needed or 'nothing'}: statements read more than they need"
    cluster = tuple(c.lower() for c in (there.get("clustering") or {}).get("fields", ()))
    if cluster != wanted.cluster:
        yield f"is clustered by {', '.join(cluster) or 'nothing'}, regen's own by {', '.join(wanted.cluster) or 'nothing'}"


def _column_notes(wanted: Table, there: Mapping[str, Any]) -> Iterator[str]:
    named = {f.name.lower(): f.name for f in wanted.fields}
    columns = _columns(there)
    for name, other in columns.items():
        if named.get(name, other["name"]) != other["name"]:
            yield f"{other['name']}: is written {named[name]} by regen; BigQuery takes both for the same column"
        if other.get("policyTags"):
            yield f"{other['name']}: has a policy tag: the functions need roles/datacatalog.categoryFineGrainedReader"
    rounded = [f"{c['name']} ({c['scale']})" for name, c in columns.items() if name in named and c.get("scale")]
    if rounded:
        yield f"rounds to so many decimals: {', '.join(rounded)}; two lines that differ by less become one"


def _is_table(there: Mapping[str, Any]) -> bool:
    return bool(there.get("type", "TABLE") == "TABLE")


def _columns(there: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By their names in lower case: BigQuery does not tell them apart by it."""
    return {f["name"].lower(): f for f in (there.get("schema") or {}).get("fields", ())}


def _partition(there: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The column, and whether a filter on it is required; by the hour of loading it is a pseudo-column."""
    days, numbers = there.get("timePartitioning"), there.get("rangePartitioning")
    required = bool(there.get("requirePartitionFilter") or (days or {}).get("requirePartitionFilter"))
    if numbers:
        return str(numbers["field"]), required
    return (str(days.get("field", "_PARTITIONTIME")) if days else None), required


def _type(field: Field) -> str:
    kind = DDL.get(field.type, field.type)
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind


def _differs(field: Field, other: Mapping[str, Any]) -> bool:
    kind = SAME.get(other["type"], other["type"])
    return bool(kind != field.type) or (other.get("mode", "NULLABLE") == "REPEATED") != (field.mode == "REPEATED")


def _is_narrow(other: Mapping[str, Any]) -> bool:
    """A limit that a value of ours may exceed: a text's length, or too few digits before the point."""
    if other.get("maxLength"):
        return True
    precision = other.get("precision")
    return precision is not None and int(precision) - int(other.get("scale", 0)) < DIGITS


def _described(other: Mapping[str, Any]) -> str:
    kind = SAME.get(other["type"], other["type"])
    inner = ", ".join(f"{f['name']} {SAME.get(f['type'], f['type'])}" for f in other.get("fields", ()))
    return f"{other.get('mode', 'NULLABLE')} {kind}" + (f" ({inner})" if inner else "")


def main() -> int:
    """Read a table's description from stdin."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    there = json.load(sys.stdin)
    wanted = table(sys.argv[1])
    reference = there.get("tableReference", {})
    dataset = f"{reference['projectId']}.{reference['datasetId']}" if reference else wanted.dataset
    for statement in statements(wanted, there, dataset):
        print(statement)
    for note in notes(there, wanted):
        print(f"note: {note}", file=sys.stderr)
    problems = list(conflicts(wanted, there))
    for problem in problems:
        print(f"conflict: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
