"""The predecessor's platform on a BigQuery emulator: its tables filled, and what Terraform would make beside and over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from google.cloud import bigquery

from regen.adapters.bigquery.tables import create_tables
from regen.schemas import tables
from regen.sql import Names
from regen.sql.render import render_text
from support import predecessors_tables as tables_of
from support.predecessors_inputs import Day

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
OWN_VIEWS = ("game_schedule_input", "prop_lines_input")
"""Views of inputs, for which `infra/sql` has queries over upstream's raw tables."""
_VIEW = re.compile(r'^    query +=\s+"(SELECT \* FROM [^"]+)"$', re.MULTILINE)
_SUPERSEDES = (Path(__file__).parents[1] / "fixtures" / "predecessor" / "supersedes.txt").read_text(encoding="utf-8")


def input_views(project: str) -> Iterator[tuple[str, str]]:
    """The views of a project's inputs that a deployment in another has: each name with its dataset's, and infra's own query."""
    (query,) = _VIEW.findall((INFRA / "bigquery.tf").read_text(encoding="utf-8"))
    for table in tables():
        if table.owner == "upstream":
            text = query.replace("${local.input_project}", project)
            text = text.replace("${each.value.dataset}", table.dataset).replace("${each.key}", table.name)
            yield f"{table.dataset}.{table.name}", text


@dataclass(frozen=True)
class Platform:
    """Upstream's and the predecessor's tables in one project.

    Attributes:
        client: of the emulator; it knows every project.
        project: production's.
    """

    client: bigquery.Client
    project: str

    def run(self, text: str, **given: date) -> list[dict[str, Any]]:
        """Run a statement or a script, with dates and moments as parameters."""
        kinds = {name: "TIMESTAMP" if isinstance(value, datetime) else "DATE" for name, value in given.items()}
        sent = [bigquery.ScalarQueryParameter(name, kinds[name], value) for name, value in given.items()]
        rows = self.client.query(text, bigquery.QueryJobConfig(query_parameters=sent)).result()
        return [dict(row.items()) for row in rows]

    def found(self, table: str, first: date, last: date | None = None, by: str = "game_date") -> list[dict[str, Any]]:
        """The rows of some dates."""
        name = f"{self.project}.{tables_of.full_name(table)}"
        return self.run(
            f"SELECT * FROM `{name}` WHERE DATE({by}) BETWEEN @first AND @last",
            first=first,
            last=last or first,
        )

    def put(self, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        """Append rows to the tables that they are of."""
        for name, made in tables_of.of_tables(rows, self.project).items():
            tables_of.load(self.client, name, made)

    def copy(self, source: str, target: str) -> None:
        """What `bq cp` does: a table of the project, each named with its dataset."""
        self.client.create_dataset(f"{self.project}.{target.partition('.')[0]}", exists_ok=True)
        where = "WHERE game_date >= '1946-01-01'"
        self.run(f"CREATE TABLE `{self.project}.{target}` AS SELECT * FROM `{self.project}.{source}` {where}")

    def replace_nothing(self) -> None:
        """Take away what a local stack has made, so that the predecessor's tables are the only ones."""
        for dataset in sorted({table.dataset for table in tables()}):
            self.client.delete_dataset(f"{self.project}.{dataset}", delete_contents=True, not_found_ok=True)
        tables_of.create(self.client, self.project)

    def zones_arrive(self, day: Day, at: datetime) -> None:
        """Upstream writes the feature rows of a date anew, all at once, and says so in one of its ways."""
        name = f"{self.project}.{tables_of.full_name('ml_feature_store_v2')}"
        self.run(f"DELETE FROM `{name}` WHERE game_date = @day", day=day.game_date)
        self.put({"ml_feature_store_v2": day.features(late=True)})
        if day.said is not None:
            table = f"{self.project}.{tables_of.full_name('pending_bdb_games')}"
            text = f"UPDATE `{table}` SET status = '{day.said}', updated_at = @at WHERE game_date = @day"
            self.run(text, day=day.game_date, at=at)

    def predict_over(self, day: date, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """The predecessor supersedes all rows of a date and inserts its own, as it did for each regeneration."""
        self.run(_SUPERSEDES.format(project=self.project), day=day, at=at)
        self.put({"player_prop_predictions": [{**row, "created_at": at.isoformat()} for row in rows]})

    # what Terraform makes

    def apply(self, project: str) -> None:
        """Make what is missing in a project, the views of `infra/sql` among it; tables that are there stay as they are."""
        create_tables(self.client, project)
        for view in OWN_VIEWS:
            text = (INFRA / "sql" / f"{view}.sql").read_text(encoding="utf-8")
            self.run(render_text(text, Names(project), lists=(("input_project", self.project),)))

    def apply_beside(self, project: str) -> None:
        """Make a deployment in a project of its own, whose input tables are views of production's."""
        for name, text in input_views(self.project):
            self.client.create_dataset(f"{project}.{name.partition('.')[0]}", exists_ok=True)
            self.run(f"CREATE VIEW `{project}.{name}` AS {text}")
        self.apply(project)

    def described(self, table: str) -> dict[str, Any]:
        """What `bq show --format=json` prints."""
        found: dict[str, Any] = self.client.get_table(f"{self.project}.{tables_of.full_name(table)}").to_api_repr()
        return found
