"""The rehearsal of `docs/taking-over.md`: its commands run on a platform of the predecessor's, and what each must have brought about."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from google.cloud.firestore import Client
from typer.testing import CliRunner

from acceptance.conftest import Local
from acceptance.takeover_zones import Current, only_zone_matchup_moves
from regen import clock
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.cli.main import make_app
from regen.domain.feature_versions import FeatureVersions
from regen.domain.invariants import INVARIANTS
from regen.domain.values import replace
from regen.features.upstream import upstream_versions
from regen.features.versions import ACCEPTED
from regen.systems import by_version, system_ids
from support import predecessors_documents as documents
from support import predecessors_guide as guide
from support.bench import Bench
from support.predecessors_inputs import Day
from support.predecessors_platform import ROOT, Platform
from support.predecessors_rows import GONE, OWN, predicted
from support.predecessors_tables import ADOPTED, columns

PRODUCTION, SHADOW = "nba-props-platform", "my-shadow"
SCANNED_DAYS = 13
"""How far back the scan looks, less a day."""
GUIDE_DAY = date(2026, 1, 19)
"""The guide's first date: its examples are dates from there on."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass
class Takeover:
    """One rehearsal.

    Attributes:
        days: of upstream, in order: one of the shadow, five that the predecessor has predicted, and those after the cut-over.
        at: the moment from which the platform lives.
        today: the day that the guide's last example stands for; None for the date in its place.
        said: what was printed, by command; the adopting statements by table.
        compared: the answer of the guide's comparison.
        before: today's predictions before its late data.
        systems: those that regen predicts with.
        theirs: those that the predecessor predicts with.
    """

    local: Local
    platform: Platform
    days: list[Day]
    at: datetime
    today: Day | None = None
    said: dict[str, str] = field(default_factory=dict)
    compared: list[dict[str, Any]] = field(default_factory=list)
    before: Current = field(default_factory=dict)
    systems: Sequence[str] = field(default_factory=system_ids)
    theirs: Sequence[str] = (*OWN, *GONE)

    @property
    def old(self) -> list[Day]:
        """The days that the predecessor has predicted."""
        return self.days[:6]

    @property
    def new(self) -> list[Day]:
        """The days after the cut-over."""
        return self.days[6:]

    @property
    def truncated(self) -> Day:
        """A day whose feature rows upstream has truncated and not yet written anew when its start comes."""
        return self.new[1]

    @cached_property
    def firestore(self) -> Client | None:
        """The stack's database; None where it is kept in one process."""
        return documents.database(self.local.env)

    # how commands are run

    def follow(self, step: int, more: Mapping[str, Callable[[str], None]] = MappingProxyType({})) -> None:
        """Run a step of the guide. What `more` names runs in the place of the usual."""
        usual: dict[str, Callable[[str], None]] = {
            **dict.fromkeys(guide.STOOD_IN, self.noted),
            "regen ": self.typed,
            "SELECT ": self.asked,
            "bq show": self.adapting,
            "bq query": self.queried,
            "bq cp": self.copied,
            "gcloud firestore": self.cleared,
        }
        done = guide.run(step, {**usual, **more})
        assert done, f"the guide has no step {step}"

    def noted(self, command: str) -> None:
        """Do nothing: what stands in for it is named in the guide."""
        self.said[command] = "stood in for"

    def dated(self, text: str) -> str:
        """A command or statement with this rehearsal's dates for the guide's."""
        moved = {(GUIDE_DAY + timedelta(days=n)).isoformat(): d.game_date.isoformat() for n, d in enumerate(self.days)}
        if self.today is not None:
            moved[(GUIDE_DAY + timedelta(days=7)).isoformat()] = self.today.game_date.isoformat()
        return _DATE.sub(lambda found: moved.get(found[0], found[0]), text)

    def typed(self, command: str) -> None:
        """Run one of regen's commands."""
        self.said[command] = self.regen(*self.dated(command).split()[1:])

    def regen(self, *arguments: str, code: int = 0) -> str:
        """Run a command in this process; return what it has printed."""
        unset: dict[str, str | None] = dict.fromkeys(("COORDINATOR_URL", "API_KEY", "PROJECT_ID", "REGEN_PROFILE"))
        env = {**unset, "REGEN_LOCAL_HOME": str(self.local.home), "REGEN_CONFIG": str(self.local.home / "none")}
        result = CliRunner().invoke(make_app(), list(arguments), env=env, prog_name="regen")
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}"
        return result.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        """A command's JSON output."""
        return json.loads(self.regen(*arguments, "--json", code=code))

    # the steps

    def asked(self, command: str) -> None:
        """Run a query as it stands."""
        self.compared = self.platform.run(self.dated(command))

    def shadow(self, command: str) -> None:
        """The shadow's services, over its own project in the same emulator."""
        day = date.fromisoformat(self.dated(command).split()[4])
        bench = Bench(
            [],
            systems=tuple(self.systems),
            run_for=by_version(self.systems),
            players_per_request=50,
            feature_versions=FeatureVersions(ACCEPTED, upstream_versions()),
        )
        bench.clock.advance((self.at - bench.clock.now()).total_seconds())
        bench.deps = replace(bench.deps, warehouse=BigQueryWarehouse(self.platform.client, SHADOW))
        batch = bench.run("shadow", day=day)
        assert batch.status.value == "promoted", batch.error
        assert batch.counts.failed == 0

    def adapting(self, command: str) -> None:
        """The tool's statements for each table, out of what BigQuery says of it; the guide shows them for one."""
        assert "python tools/infra_adopt.py player_prop_predictions > add.sql" in command
        for table in ADOPTED:
            there = json.dumps(self.platform.described(table))
            tool = [sys.executable, str(ROOT / "tools" / "infra_adopt.py"), table]
            done = subprocess.run(tool, input=there, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            self.said[table] = done.stdout

    def queried(self, command: str) -> None:
        """Run what the tool has written, each statement for itself; or another statement of the guide."""
        if "add.sql" not in command:
            statement = self.dated(command).split('"')[1]
            self.platform.run(re.sub(r"\bnba_predictions\.\w+", lambda name: f"`{PRODUCTION}.{name[0]}`", statement))
            return
        before = {table: self.rows(table) for table in ADOPTED}
        for table in ADOPTED:
            for statement in filter(str.strip, self.said[table].split(";\n")):
                self.platform.run(statement)
        assert {table: self.rows(table) for table in ADOPTED} == before, "no row is touched"

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, in the columns that the predecessor knows."""
        by = {"prediction_worker_runs": "run_date", "prediction_regeneration_audit": "regeneration_timestamp"}
        known = columns(table)
        found = self.platform.found(table, date(2024, 1, 1), date(2027, 1, 1), by=by.get(table, "game_date"))
        return sorted(({name: row[name] for name in known} for row in found), key=str)

    def copied(self, command: str) -> None:
        """`bq cp`, by a statement."""
        self.platform.copy(*command.split()[2:4])

    # what must be so

    def predictions(self, day: Day) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """The current predictions of a date by player and system."""
        made: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self.platform.found("player_prop_predictions", day.game_date):
            if not row["superseded"]:
                made.setdefault((row["player_lookup"], row["system_id"]), []).append(row)
        return made

    def live_through(self, day: Day) -> None:
        """A day after the cut-over, by the guide's commands: its start, its late shot zones, its grades."""
        self.today = day
        self.follow(5, {"regen start": self.started, "regen bdb scan": self.late, "regen verify": self.noted})
        only_zone_matchup_moves(self.before, self.predictions(day))
        self.today = None

    def started(self, command: str) -> None:
        """The start of a day; where it finds no feature row, it is repeated as the guide says."""
        day = self.today
        assert day is not None
        if day is self.new[0]:  # the day of the cut-over has had its start
            self.noted(command)
            self.before = self.predictions(day)
            return
        if day is self.truncated:
            self.regen(*self.dated(command).split()[1:], code=1)
            assert self.predictions(day) == {}
            self.platform.put({"ml_feature_store_v2": day.features(late=False)})
            command = command.replace("--wait", "--only missing --wait")
        self.typed(command)
        self.before = self.predictions(day)

    def late(self, command: str) -> None:
        """Late shot zones, and the scan that notices them; of a day that is too long ago for it, the predecessor's trigger."""
        day = self.today
        assert day is not None
        self.platform.zones_arrive(day, self.at)
        if (self.at.date() - day.game_date).days < SCANNED_DAYS:
            assert day.game_date.isoformat() in self.json(*command.split()[1:])["triggered"]
        else:
            self.regen("regenerate", day.game_date.isoformat(), "--reason", "bdb_upgrade", "--wait")

    def cleared(self, command: str) -> None:
        """Firestore's documents of the predecessor are deleted, which regen could not read."""
        self.noted(command)
        if "bulk-delete" in command:
            documents.clear(self.firestore)
            assert documents.count(self.firestore) == 0

    def leave(self, day: Day) -> None:
        """Leave the predecessor's document of a batch."""
        documents.leave(self.firestore, day.game_date)

    def predicted_over(self, command: str) -> None:
        """The predecessor is back, and regenerates a date in its own way."""
        self.noted(command)
        day = self.today
        assert day is not None
        self.leave(day)
        rows = predicted([replace(day, number=4)], self.theirs)["player_prop_predictions"]
        self.platform.predict_over(day.game_date, rows, self.now())
        assert all(row["batch_id"] is None for found in self.predictions(day).values() for row in found)

    def now(self) -> datetime:
        """The moment at which the platform lives."""
        return clock.now()

    def verify(self) -> None:
        """Check that every invariant was measured and holds over all days."""
        first, last = self.days[0].game_date.isoformat(), self.days[-1].game_date.isoformat()
        answer: Mapping[str, Any] = self.json("verify", first, last)
        assert {row["name"] for row in answer["invariants"]} == set(INVARIANTS)
        broken = {row["name"]: row for row in answer["invariants"] if row["violations"]}
        assert answer["holds"], broken
        assert set(GONE) <= set(json.dumps(answer).replace('"', " ").split()), "systems that are gone are listed"
