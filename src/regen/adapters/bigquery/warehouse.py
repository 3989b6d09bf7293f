"""The port `Warehouse` in BigQuery, with the official client only."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any, cast

from google.cloud import bigquery

from regen import clock
from regen.adapters.bigquery import slate
from regen.adapters.bigquery.columns import Columns
from regen.adapters.bigquery.errors import translated
from regen.adapters.bigquery.jobs import POLLING, Jobs
from regen.adapters.bigquery.params import entries, scalars
from regen.adapters.bigquery.tables import schema_fields
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.box_scores import BoxScores
from regen.domain.errors import Conflict, FenceLost, InvalidInput, Unavailable
from regen.domain.promotion import (
    CurrentPrediction,
    FenceToken,
    Promotion,
    PromotionCounts,
    Rollback,
    StagedRow,
    StagingTable,
)
from regen.domain.slate_reading import SlateReading
from regen.schemas import CHALLENGERS, normalise_value, staging_fields, table
from regen.schemas.staging import PREDICTIONS, staged
from regen.sql import Names, render
from regen.sql.lists import lists

STAGING_LIFE = timedelta(hours=24)
_IN_MEMORY = 4 * 1024 * 1024


class BigQueryWarehouse:
    """The warehouse of one project.

    Attributes:
        jobs: its `submitted` counts the jobs inserted, for the benches.
    """

    def __init__(
        self,
        client: bigquery.Client,
        project: str,
        *,
        identity: str = "regen",
        dataset_prefix: str = "",
        location: str | None = None,
        labels: Mapping[str, str] | None = None,
        maximum_bytes_billed: int | None = None,
        timeout: float = 60.0,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """Make no call before the first method is called.

        Args:
            now: the clock by which the slate is read.
            identity: the service whose account submits jobs. Each job's id starts with it, because an account cannot
                read another's jobs.
        """
        self._client = client
        self._now = now
        self._names = Names(project, dataset_prefix)
        own = f"{identity}-{dataset_prefix}" if dataset_prefix else identity
        self.jobs = Jobs(client, own, location, dict(labels or {}), maximum_bytes_billed, timeout)
        self._columns = Columns(self.jobs.columns_of, self._names)

    def read_slate(self, game_date: date) -> SlateReading:
        """See the port."""
        values = slate.asked(game_date, self._now())

        def query(columns: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401
            return self.jobs.query(render("read_slate", self._names, lists=columns), scalars(values))

        with translated():
            rows = list(self._columns.tolerating(query))
        return slate.reading(game_date, rows)

    def box_scores(self, first: date, before: date, known: str = "") -> list[BoxScores]:
        """See the port."""
        values = {"first": first, "game_date": before, "known": known}

        def query(columns: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401
            return self.jobs.query(render("box_scores", self._names, lists=columns), scalars(values))

        with translated():
            rows = self._columns.tolerating(query)
            return [BoxScores(row["game_date"], row["fingerprint"], row["games"]) for row in rows]

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        """See the port."""
        rows = self.jobs.query(render("current_predictions", self._names), scalars({"game_date": game_date}))
        with translated():
            return [_current(row) for row in rows]

    def stage(self, staging: str, rows: Iterable[StagedRow]) -> int:
        """See the port. Every row is checked against the schemas before the load job is submitted."""
        target = self._names.staging(staging)
        count = 0
        digest = hashlib.sha256()
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, mode="r+b") as file:
            for row in rows:
                line = json.dumps(staged(row), separators=(",", ":"), allow_nan=False).encode() + b"\n"
                file.write(line)
                digest.update(line)
                count += row.kind == "prediction"
            size = file.tell()
            if not size:
                raise InvalidInput("staging", "at least one row")
            made = self._create_staging(target)
            # Derived from table and rows, so that a repeated submission finds the first job, and other rows get another id.
            job_id = f"stage-{staging}-{made:%Y%m%d%H%M%S%f}-{digest.hexdigest()[:12]}"
            self.jobs.load(cast("IO[bytes]", file), size, _load_config(), target, job_id)
        return count

    def _create_staging(self, target: str) -> datetime:
        """Create an empty table with an expiry, which a load job cannot set (I-40), and return its creation time."""
        wanted = bigquery.Table(target, schema=schema_fields(staging_fields()))
        wanted.expires = datetime.now(UTC) + STAGING_LIFE  # BigQuery lives in the machine's time
        with translated():
            created: datetime = self._client.create_table(wanted, exists_ok=True, retry=POLLING).created
        return created

    def raise_fence(self, fence: FenceToken) -> None:
        """See the port."""
        mine = (fence.token, fence.batch_id, fence.round)
        holders = self._take(fence)
        if len(holders) > 1 and holders[0] == mine:
            self.mend_fences()
            holders = self._take(fence)
        if holders == [mine]:
            return
        if not holders or holders[0][0] < fence.token or holders[0] == mine:
            raise Conflict(f"{fence.game_date}: the fence changed while token {fence.token} was taken")
        raise FenceLost(f"{fence.game_date}: token {holders[0][0]} holds it, not {fence.token}", holders[0][0])

    def _take(self, fence: FenceToken) -> list[tuple[int, str, int]]:
        """Raise the date's fence, and return token, batch and round of each of its rows, the highest first."""
        rows = self.jobs.alone(render("raise_fence", self._names), scalars({**_fence(fence), "at": clock.now()}))
        with translated():
            return [(row["token"], row["batch_id"], row["round"]) for row in rows]

    def mend_fences(self) -> list[date]:
        """See the port."""
        rows = self.jobs.alone(render("mend_fences", self._names), scalars({"at": clock.now()}))
        with translated():
            return [row["game_date"] for row in rows]

    def promote(self, promotion: Promotion) -> PromotionCounts:
        """See the port."""
        values = {
            "expected_rows": promotion.expected_rows,
            "whole_slate": promotion.whole_slate,
            "retired": ",".join(promotion.retired),
            **_act(promotion),
        }
        text = render("promote", self._names, promotion.staging, lists(counted=True))
        return self._transaction("promote", text, values, promotion)

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        """See the port."""
        values = {"undone": rollback.batch_id, "id_prefix": rollback.id_prefix, **_act(rollback)}
        text = render("rollback", self._names, lists=lists(counted=True))
        return self._transaction("rollback", text, values, rollback)

    def _transaction(
        self, step: str, text: str, values: Mapping[str, Any], act: Promotion | Rollback
    ) -> PromotionCounts:
        parameters = [*scalars({**values, "since": act.audit.at}), entries([act.audit])]
        rows = self.jobs.query(text, parameters, _job_id(step, act.fence))
        with translated():
            for row in rows:
                return PromotionCounts(row["superseded"], row["withdrawn"], row["inserted"], act.at, act.fence.token)
        raise Unavailable(f"{step}: the transaction's answer is empty; the audit says whether it was committed")

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        """See the port; with `ROLLED_BACK`, what a rollback committed."""
        values = {"game_date": game_date, "batch_id": batch_id, "round": round_, "event": event.value}
        rows = self.jobs.query(render("promotion_of", self._names), scalars(values))
        with translated():
            for superseded, withdrawn, inserted, at, token in rows:
                return PromotionCounts(superseded or 0, withdrawn or 0, inserted or 0, at, token or 0)
        return None

    def record(self, acts: Sequence[AuditEntry], staging: str | None = None) -> None:
        """See the port."""
        if not acts:
            return
        values: dict[str, Any] = {"since": min(act.at for act in acts), "holder": acts[0].batch_id}
        if staging is None:
            text = render("record_entries", self._names, lists=lists(counted=False))
        else:
            text = render("record_runs", self._names, staging, lists(counted=False))
            values |= {"game_date": acts[0].game_date, "batch_id": acts[0].batch_id}
        # No fixed job id: entries are unique because concurrent runs of the transaction conflict with each other.
        self.jobs.alone(text, [*scalars(values), entries(acts)])

    def keep_challengers(self, batch_id: str, round_: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """See the port. An append conflicts with nothing, and a load costs nothing."""
        text = "".join(json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n" for row in rows).encode()
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            schema=schema_fields(table(CHALLENGERS).fields),
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        )
        # Derived from batch and round alone: a later owner of the batch must find the first job, whatever its rows were.
        job_id = f"challengers-{batch_id}-r{round_}"
        self.jobs.load(io.BytesIO(text), len(text), config, self._names.table(CHALLENGERS), job_id)

    def staging_tables(self) -> list[StagingTable]:
        """See the port."""
        return self.jobs.staging_tables(self._names.staging_dataset)

    def drop_staging(self, staging: str) -> None:
        """See the port."""
        with translated():
            self._client.delete_table(self._names.staging(staging), not_found_ok=True, retry=POLLING)


def _load_config() -> bigquery.LoadJobConfig:
    return bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        schema=schema_fields(staging_fields()),
        create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
    )


def _fence(fence: FenceToken) -> dict[str, Any]:
    return {
        "game_date": fence.game_date,
        "token": fence.token,
        "batch_id": fence.batch_id,
        "round": fence.round,
    }


def _act(act: Promotion | Rollback) -> dict[str, Any]:
    metadata = normalise_value(PREDICTIONS, table(PREDICTIONS).field("superseded_metadata"), act.metadata)
    return {
        **_fence(act.fence),
        "reason": act.reason,
        "metadata": json.dumps(metadata, separators=(",", ":")),
        "at": act.at,
        "event_id": act.audit.event_id,
    }


def _job_id(step: str, fence: FenceToken) -> str:
    return f"{step}-{fence.batch_id}-r{fence.round}-t{fence.token}"


def _current(row: Any) -> CurrentPrediction:  # noqa: ANN401
    line = row["current_points_line"]
    return CurrentPrediction(
        prediction_id=row["prediction_id"],
        batch_id=row["batch_id"],
        player_lookup=row["player_lookup"],
        game_id=row["game_id"],
        system_id=row["system_id"],
        line=None if line is None else float(line),
        points=float(row["predicted_points"]),
        recommendation=row["recommendation"],
        data_source_tier=row["data_source_tier"],
        created_at=row["created_at"],
        bookmaker=row["sportsbook"],
        quality=None if row["feature_quality_score"] is None else float(row["feature_quality_score"]),
        # Of the predecessor's rows the number counts something else.
        history_games=row["actual_games_count"] if row["batch_id"] else None,
        filter_reason=row["filter_reason"],
        is_fallback=row["was_line_fallback"],
    )
