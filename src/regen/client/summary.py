"""One sentence for what happened and for what an order would do: read in the terminal, in the console, in a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from regen.client.errors import Misused
from regen.client.waiting import finished
from regen.client.wording import cell, some
from regen.domain.nearest import nearest, the_nearest
from regen.domain.words import counted

if TYPE_CHECKING:  # the command line starts without the structs
    from regen.api.batches import ListedBatch, WholeBatch
    from regen.api.halts import HaltView
    from regen.api.looks import Scan
    from regen.api.news import NewsScan
    from regen.api.openings import Preview, WouldWithdraw
    from regen.domain.checks.waivers import FailedCheck


def batch_sentence(view: WholeBatch | ListedBatch) -> str:
    """What became of a batch, by its whole view or a listed one."""
    from regen.client.standing import facts_of  # noqa: PLC0415
    from regen.domain.summary import sentence  # noqa: PLC0415 - the command line starts without the checks

    return sentence(facts_of(view))


def _in_words(checks: Mapping[str, FailedCheck]) -> str:
    return ", ".join(f"{name} {cell(c.value)} (limit {cell(c.limit)})" for name, c in checks.items())


def order_sentence(word: str, view: WholeBatch, accepted: Sequence[str] = ()) -> str:
    """What an order on a batch would do, with its counts.

    Args:
        word: cancel, close, redrive, promote or rollback.
        accepted: of promote: the failed checks that are accepted.

    Raises:
        Misused: the accepted checks are not exactly the failed ones.
    """
    batch, counts = view.batch_id, view.counts
    begin = f"{'roll back' if word == 'rollback' else word} {batch} ({view.status})"
    if word == "cancel":
        return (
            f"{begin}: {finished(view)} of {counts.requested} players are done, "
            f"{len(view.pending)} pending; current predictions stay as they are"
        )
    if word == "close":
        return (
            f"{begin}: the {len(view.pending)} pending of {counts.requested} players fail as closed; "
            f"what the other {finished(view)} have is verified now"
        )
    if word == "redrive":
        lacking = [problem.player_lookup for problem in view.outcomes]
        said = f"{begin}: {len(lacking)} of {counts.requested} players lack a result"
        return said + (f": {some(lacking, 10)}" if lacking else "")
    if word == "promote":
        from regen.client.standing import verdict_record  # noqa: PLC0415
        from regen.domain.checks import CHECKS  # noqa: PLC0415
        from regen.domain.checks.waivers import failed_checks  # noqa: PLC0415

        failed = failed_checks(verdict_record(view))
        known = {check.name for check in CHECKS} | failed.keys()
        if strange := sorted(set(accepted) - known):
            raise Misused(f"there is no check {strange[0]}{the_nearest(nearest(strange[0], known))}")
        if left := sorted(set(failed) - set(accepted)):
            raise Misused(f"{batch} also failed {', '.join(left)}: each failed check must be named")
        if view.verdict and (other := sorted(set(accepted) - set(failed))):
            raise Misused(f"{batch} did not fail {', '.join(other)}; it failed {', '.join(sorted(failed)) or 'none'}")
        spite = "" if view.status == "held" else f" in spite of {_in_words(failed) or 'no failed check'}"
        return f"{begin}{spite}: the predictions of {counts.produced} players replace the current ones"
    back = (counts.superseded or 0) + (counts.withdrawn or 0)
    return f"{begin}: {cell(counts.inserted)} predictions of it are superseded, {back} come back as they were"


def withdrawal_sentence(preview: WouldWithdraw) -> str:
    """What a withdrawal would do, with its counts."""
    players = preview.players
    return (
        f"withdraw {counted(preview.rows, 'prediction')} of {counted(len(players), 'player')} of {preview.game_date} as "
        f"{preview.reason}: {some(players, 10)}"
    )


def halt_sentence(halt: HaltView) -> str:
    """How the platform stands."""
    if halt.status == "unreadable":
        return f"the record of the halt cannot be read, and no batch is opened: {halt.reason}"
    waits = f"; triggers of {some(halt.waiting)} wait" if halt.waiting else ""
    if halt.status != "halted":
        return f"the platform runs{waits}"
    since = f"{halt.at:%Y-%m-%d %H:%M:%S}" if halt.at else None
    return f"the platform is halted since {since} UTC by {halt.by}: {halt.reason}{waits}; `regen resume` ends it"


def opening_sentence(preview: Preview) -> str:
    """What a request for a batch would do."""
    if preview.would == "nothing":
        return f"would do nothing on {preview.game_date}: no player is missing who could be predicted"
    return (
        f"would {preview.would} {preview.game_date}: {counted(preview.requested_players, 'player')} in "
        f"{counted(preview.requests, 'request')}, systems {', '.join(preview.systems)}"
    )


def scan_sentence(report: Scan | NewsScan, nothing: str, *, dry_run: bool) -> str:
    """What a scan decided, and the dates of which it asks for a regeneration.

    Args:
        nothing: what to say where there was nothing to decide.
    """
    counts = ", ".join(f"{count} {act}" for act, count in sorted(report.counts.items())) or nothing
    dates = ", ".join(map(str, report.triggered)) or "no date"
    return f"{counts}; {'would regenerate' if dry_run else 'regenerating'} {dates}"
