"""The checks of all promises at the end of a run."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from regen.domain.batch import Batch, Status
from regen.ports import Snapshot
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC
from regen.services.state.documents import decode_batch
from regen.services.views import batch_view
from simulation.errands import Errands
from simulation.expected import LIVE, acts_of, dispatched, ends_of, requested_of, rounds_with_runs
from simulation.judge_errands import ErrandJudge
from simulation.people import People, TriggerRequest
from simulation.rows import current
from simulation.upstream import news_request, scan_request
from simulation.world import World


class Judge:
    """Compares all stored records and rows with the requests of the run."""

    def __init__(self, world: World, people: People, errands: Errands) -> None:
        self._world, self._people = world, people
        self._report = world.watch.report
        self.batches: list[Batch] = sorted(
            (
                decode_batch(Snapshot(path, document.data, 0))
                for path, document in world.store._documents.items()
                if path.startswith("prediction_batches/") and path.count("/") == 1 and path not in world.store.strays
            ),
            key=lambda b: b.created_at,
        )
        self._errands = ErrandJudge(world, people, errands, self.batches)
        self._requests: dict[str, TriggerRequest] = {**people.asked, **self._errands.trigger_requests()}

    def check(self) -> None:
        """Run every check."""
        for batch in self.batches:
            self._check_end(batch)
            if dispatched(batch):
                self._check_outcomes(batch)
            self._check_followups(batch)
            self._check_held(batch)
        self._check_audit()
        self._check_rows()
        self._check_triggers()
        self._check_nothing_left()
        self._errands.check()

    def _check_end(self, batch: Batch) -> None:
        if batch.live:
            self._report("P3", f"{batch.batch_id} never ended: {batch.status}")
        if batch.status is Status.PROMOTED and batch.round not in batch.promoted_rounds and batch.error is None:
            self._report("P3", f"{batch.batch_id} is promoted, and round {batch.round} is not")

    def _check_outcomes(self, batch: Batch) -> None:
        """Check that each requested player has one outcome, and that coverage counts all of them (P3, P8)."""
        view = batch_view.view_batch(self._world.deps, batch.batch_id)
        if batch.withdrawal is not None:
            if batch.requested_players:
                self._report("P8", f"{batch.batch_id} withdraws, and requests {batch.requested_players}")
            return
        reading = self._world.watch.readings[batch.snapshot] if batch.snapshot != "none" else None
        wanted = requested_of(reading, batch) if reading else set()
        if gone := wanted & self._world.watch.withdrawn(batch.game_date.isoformat()):
            # Whether they were withdrawn when it was opened is what its own record says; all others are as the slate says.
            asked = {*view.pending, *(o.player_lookup for o in view.outcomes), *self._produced(batch)}
            if not wanted - gone <= asked <= wanted:
                self._report("P8", f"{batch.batch_id} requests {sorted(asked)} of {sorted(wanted)}")
            wanted = asked
        if batch.requested_players != len(wanted):
            self._report("P8", f"{batch.batch_id} requests {batch.requested_players} of {len(wanted)}")
        counts = view.counts
        problems = {o.player_lookup: o for o in view.outcomes}
        total = (counts.produced or 0) + (counts.skipped or 0) + (counts.failed or 0)
        if view.pending or total != len(wanted) or not problems.keys() <= wanted:
            self._report("P3", f"{batch.batch_id}: {total} outcomes and {view.pending} pending for {len(wanted)}")
        if batch.status not in {Status.PROMOTED, Status.REJECTED, Status.HELD} or not batch.verdict:
            return
        if batch.batch_id in self._world.watch.late:
            return  # what it found out since is not in its verdict
        forgiven = sum(o.outcome == "skipped" and o.reason in {"out", "no_history"} for o in problems.values())
        coverage = 100.0 * (counts.produced or 0) / (len(wanted) - forgiven) if len(wanted) > forgiven else 0.0
        said = next(c["value"] for c in batch.verdict["checks"] if c["name"] == "coverage")
        if said is None:
            if counts.produced or len(wanted) > forgiven:
                self._report("P8", f"{batch.batch_id} has no coverage, and {len(wanted) - forgiven} to be covered")
            return
        if abs(said - coverage) > 0.01:
            self._report("P8", f"{batch.batch_id} says coverage {said}; it is {coverage}")
        if (
            batch.status in {Status.PROMOTED, Status.HELD}
            and coverage < 90.0
            and "coverage" not in batch.accepted_checks
        ):
            self._report("P8", f"{batch.batch_id} is promoted with a coverage of {coverage}")

    def _check_held(self, batch: Batch) -> None:
        """Check that a batch whose trigger asks for a hold was promoted by an order alone."""
        asked = [self._people.asked[name] for name in batch.trigger_ids if name in self._people.asked]
        if not any(one.body.get("hold") for one in asked):
            return
        ordered = False
        for step in batch.history:
            ordered = ordered or (step.from_ not in LIVE and step.to == "verifying")
            if step.to == "promoting" and not ordered:
                self._report("P1", f"{batch.batch_id} was to be held, and was promoted")

    def _produced(self, batch: Batch) -> set[str]:
        """All players that its requests name."""
        requests = self._world.store.peek_all(f"prediction_batches/{batch.batch_id}/requests")
        return {player for r in requests if r["opening"] in batch.openings for player in r["players"]}

    def _check_followups(self, batch: Batch) -> None:
        """Check that each end was followed by its message, its alert and its worker runs (P13)."""
        announced = Counter(
            (m.data["status"], m.data["round"])
            for t, m in self._world.published
            if t == COMPLETE_TOPIC and m.data["batch_id"] == batch.batch_id
        )
        alerted = {
            (m.data["type"], m.data.get("round"))
            for t, m in self._world.published
            if t == ALERT_TOPIC and m.data.get("batch_id") == batch.batch_id
        }
        for status, round_ in ends_of(batch):
            if batch.requested_players and status != "failed" and not announced[status, round_]:
                self._report("P13", f"no message says that {batch.batch_id} is {status}")
            if status == "rejected" and batch.requested_players and ("batch_rejected", round_) not in alerted:
                self._report("P13", f"nobody was alerted that {batch.batch_id} is rejected")
            if status == "held" and ("batch_held", round_) not in alerted:
                self._report("P13", f"nobody was alerted that {batch.batch_id} is held")
        runs = [r for r in self._world.warehouse.runs() if r["batch_id"] == batch.batch_id]
        written = Counter((r["round"], r["player_lookup"]) for r in runs)
        for (round_, player), number in written.items():
            if number > 1:
                self._report("P5", f"{batch.batch_id} r{round_}: {number} worker runs of {player}")
        for request in self._world.store.peek_all(f"prediction_batches/{batch.batch_id}/requests"):
            if request["round"] in rounds_with_runs(batch) and request["opening"] in batch.openings:
                for player in request["players"]:
                    if (request["round"], player) not in written:
                        self._report("P3", f"{batch.batch_id} r{request['round']}: no worker run of {player}")

    def _check_audit(self) -> None:
        """Check that the audit has one entry for each act (P7)."""
        found: Counter[tuple[str, str, int]] = Counter()
        for row in self._world.warehouse.audit():
            entry = row.entry
            if entry.batch_id is not None and entry.event.value != "coalesced":
                found[entry.event.value, entry.batch_id, entry.round] += 1
        wanted = Counter(act for batch in self.batches for act in acts_of(batch))
        for act in sorted(wanted.keys() | found.keys()):
            if wanted[act] != found[act]:
                self._report("P7", f"the audit has {found[act]} of {wanted[act]} entries {act}")

    def _check_rows(self) -> None:
        """Check the rows against Firestore and the audit, and that equal inputs gave equal values (P6, P12)."""
        values: dict[tuple[Any, ...], set[float]] = {}
        by_batch: dict[str, Batch] = {b.batch_id: b for b in self.batches}
        known = {
            (e.player_lookup, e.inputs.inputs_hash())
            for reading in self._world.watch.readings.values()
            for e in reading.entries
            if e.inputs is not None
        }
        for day in self._people.days + self._people.extra:
            for row in self._world.warehouse.predictions(day):
                if not row.get("batch_id"):
                    continue
                key = row["inputs_hash"], row["system_id"], row.get("current_points_line"), row.get("ml_model_id")
                values.setdefault(key, set()).add(row["predicted_points"])
                if (row["player_lookup"], row["inputs_hash"]) not in known:
                    self._report("P12", f"{row['prediction_id']} rests on inputs that no slate had")
                batch = by_batch[row["batch_id"]]
                if current(row) and (batch.status is Status.ROLLED_BACK or not batch.promoted_rounds):
                    self._report("P1", f"{row['prediction_id']} is current, and {batch.batch_id} is {batch.status}")
        self._check_row_counts()
        for key, points in values.items():
            if len(points) > 1:
                self._report("P12", f"the same inputs gave {sorted(points)}: {key}")

    def _check_row_counts(self) -> None:
        """Check that the audit accounts for every ended and every inserted row, act by act."""
        ended: Counter[tuple[Any, Any]] = Counter()
        made: Counter[tuple[Any, Any]] = Counter()
        for day in self._people.days + self._people.extra:
            for row in self._world.warehouse.predictions(day):
                if row.get("superseded"):
                    ended[row.get("superseded_by_batch_id"), row.get("superseded_at")] += 1
                if row.get("batch_id") or row.get("restored_from_prediction_id"):
                    made[row["created_at"], day] += 1
        for audited in self._world.warehouse.audit():
            entry = audited.entry
            if entry.event.value in {"promoted", "rolled_back"}:
                said = (entry.superseded_count or 0) + (entry.withdrawn or 0), entry.regenerated_count
                found = ended.pop((entry.batch_id, entry.at), 0), made.pop((entry.at, entry.game_date), 0)
                if said != found:
                    self._report("P7", f"{entry.batch_id} ended and made {found} rows; the audit says {said}")
        for act, number in [*ended.items(), *made.items()]:
            self._report("P1", f"{number} rows ended or made by {act}, of which the audit knows nothing")

    def _check_triggers(self) -> None:
        """Check that each accepted trigger is carried by one batch, and that no batch carries an unknown trigger."""
        carried: Counter[str] = Counter()
        for batch in self.batches:
            if batch.status is not Status.FAILED:
                carried.update(set(batch.trigger_ids))
            for number in batch.trigger_ids:
                if number not in self._requests:
                    self._report("P5", f"{batch.batch_id} carries {number}, which is no known trigger")
        for number, asked in self._requests.items():
            if carried[number] > 1:
                self._report("P5", f"{number} is carried by {carried[number]} batches")
            if asked.body.get("metadata") and not _is_own(asked.body) and (asked.accepted or carried[number]):
                self._report("10", f"{number} has metadata that no table holds, and was accepted")
            if carried[number] and asked.pushed and number in self._recorded_as_malformed():
                self._report("P5", f"{number} is on record as malformed, and a batch carries it")
            if not carried[number] and self._must_be_carried(asked):
                self._report("P13", f"{number} is carried by no batch")
        for batch in self.batches:
            for number in batch.trigger_ids:
                self._check_scope(batch, self._requests[number].body if number in self._requests else {})

    def _must_be_carried(self, asked: TriggerRequest) -> bool:
        if asked.pushed:
            lost = asked.repeated or asked.number in self._world.watch.dead
            refused = asked.body.get("players") or asked.body.get("metadata")
            return not lost and not (refused and asked.number in self._recorded_as_malformed())
        # One that waited for the end of a halt may have found nobody missing then.
        return asked.accepted and asked.body.get("only") != "missing"

    def _check_scope(self, batch: Batch, body: Mapping[str, Any]) -> None:
        for name in ("players", "systems"):
            covered = getattr(batch.scope, name)
            if name == "players" and covered is not None and news_request(body):
                wanted = set(body[name]) - self._begun(batch)  # a batch of news alone leaves them out
                if not wanted <= set(covered):
                    self._report("3.1", f"{batch.batch_id} covers {covered}, news of it touches {sorted(wanted)}")
                continue
            if name == "players" and body.get("only") == "missing":
                continue
            if covered is not None and not set(body.get(name) or {"all"}) <= set(covered):
                self._report("3.1", f"{batch.batch_id} covers {covered}, a trigger of it wants {body.get(name, 'all')}")

    def _begun(self, batch: Batch) -> set[str]:
        """The players whose game had begun when the batch was opened."""
        reading = self._world.watch.readings.get(batch.snapshot or "")
        starts = ((e.player_lookup, e.game_start) for e in (reading.entries if reading else ()))
        return {player for player, start in starts if start is not None and start <= batch.created_at}

    def _check_nothing_left(self) -> None:
        store = self._world.store
        if left := store.peek_all("outbox"):
            self._report("P13", f"the outbox holds {[(i['kind'], i['batch_id']) for i in left]}")
        for data in store.peek_all("game_dates"):
            if data["live"] or data["coalesced"]:
                self._report("P13", f"{data['game_date']} holds {data['live']} and {len(data['coalesced'])} triggers")
        on_record, dead = self._recorded_as_malformed(), self._world.watch.dead
        for number in self._people.garbage:
            if number not in on_record and dead.get(number) not in on_record:
                self._report("P10", f"the malformed {number} is not on record")

    def _recorded_as_malformed(self) -> set[str | None]:
        """The messages that the audit has as malformed: garbage, and triggers that name players off the slate."""
        return {r.entry.trigger_id for r in self._world.warehouse.audit() if r.entry.event.value == "malformed"}


def _is_own(body: Mapping[str, Any]) -> bool:
    return bool(scan_request(body) or news_request(body))
