"""What a table that is there already lacks: compares it with its schema file, and writes the statements that add it.

    bq show --format=json nba_predictions.player_prop_predictions | python tools/infra_adopt.py player_prop_predictions

Statements only ever add nullable columns, which changes metadata and rewrites no row. What cannot be added so (another
type, a column that must be filled and is there no more) is listed on stderr, with exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from regen.schemas import Table, table

#: The API's names of a type, and the one that DDL and the schema files agree on.
SAME = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "BIGNUMERIC": "NUMERIC"}
DDL = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


def statements(wanted: Table, there: Mapping[str, Any], dataset: str) -> Iterator[str]:
    """The statements that add what is missing."""
    known = {f["name"].lower() for f in there["schema"]["fields"]}
    for field in wanted.fields:
        if field.name.lower() not in known:
            kind = DDL.get(field.type, field.type)
            kind = f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind
            yield f"ALTER TABLE `{dataset}.{wanted.name}` ADD COLUMN IF NOT EXISTS {field.name} {kind};"


def conflicts(wanted: Table, there: Mapping[str, Any]) -> Iterator[str]:
    """What no statement of that kind can mend."""
    known = {f["name"].lower(): f for f in there["schema"]["fields"]}
    for field in wanted.fields:
        if other := known.get(field.name.lower()):
            kind = SAME.get(other["type"], other["type"])
            if kind != field.type or (other.get("mode", "NULLABLE") == "REPEATED") != (field.mode == "REPEATED"):
                yield f"{field.name}: is {other.get('mode', 'NULLABLE')} {kind}, needed {field.mode} {field.type}"
    ours = {f.name.lower() for f in wanted.fields}
    for name, other in known.items():
        if other.get("mode") == "REQUIRED" and name not in ours:
            yield f"{name}: must be filled, and regen does not know it: ALTER COLUMN {name} DROP NOT NULL"
    partition = (there.get("timePartitioning") or {}).get("field")
    if wanted.partition and partition != wanted.partition.field:
        yield f"partitioned by {partition}, needed {wanted.partition.field}"


def notes(there: Mapping[str, Any]) -> Iterator[str]:
    """What is no conflict, and good to know."""
    if expires := (there.get("timePartitioning") or {}).get("expirationMs"):
        yield f"partitions expire after {int(expires) / 86_400_000:.0f} days: older dates are refused"


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
    for note in notes(there):
        print(f"note: {note}", file=sys.stderr)
    problems = list(conflicts(wanted, there))
    for problem in problems:
        print(f"conflict: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
