"""One sentence for what happened and for what an order would do: read in the terminal, in the console, in a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from regen.client.errors import Misused
from regen.client.waiting import finished
from regen.client.wording import cell, some
from regen.domain.checks.waivers import failed_checks

View = Mapping[str, Any]
STAYED = "every current prediction stayed as it was"
STAYS = "until the swap every current prediction stays as it is"


def batch_sentence(view: View) -> str:
    """How a batch stands or ended, what became of the predictions; of a whole view or a listed one."""
    write = _SENTENCES.get(view["status"])
    return write(view) if write else f"{view['status']}: {view.get('error') or 'no details'}"


def _counts(view: View) -> Mapping[str, Any]:
    counts: Mapping[str, Any] = view.get("counts") or view
    return {name: counts.get(name) or 0 for name in ("requested", "produced", "skipped", "failed", "kept")} | {
        name: cell(counts.get(name)) for name in ("superseded", "inserted", "withdrawn")
    }


def _working(view: View) -> str:
    n = _counts(view)
    done = n["produced"] + n["skipped"] + n["failed"]
    return f"{view['status']}: {done} of {n['requested']} players have an outcome; {STAYS}"


def _complete(view: View) -> str:
    return f"complete: each of {_counts(view)['requested']} players has an outcome; the checks come next"


def _verifying(view: View) -> str:
    return f"verifying: the checks look at {_counts(view)['produced']} players; {STAYS}"


def _promoting(view: View) -> str:  # noqa: ARG001 - one signature
    return "promoting: the swap is with BigQuery, which alone decides now; it happens as a whole or not at all"


def _promoted(view: View) -> str:
    n = _counts(view)
    said = f"promoted: {n['produced']} of {n['requested']} players have new predictions"
    if view.get("partial"):
        said = "partially " + said
    said += f"; {n['inserted']} rows inserted, {n['superseded']} superseded, {n['withdrawn']} withdrawn"
    return said + (f"; {n['kept']} players kept theirs" if n["kept"] else "")


def _rejected(view: View) -> str:
    return f"rejected: {failed_in_words(view) or view.get('error') or 'the checks failed'}; {_kept(view)}"


def _cancelled(view: View) -> str:
    why = str(view.get("error") or "no reason given").removeprefix("cancelled: ")
    return f"cancelled: {why}; {_kept(view)}"


def _failed(view: View) -> str:
    return f"failed: {view.get('error') or 'it never dispatched'}; {_kept(view)}"


def _rolled_back(view: View) -> str:  # noqa: ARG001 - one signature
    return "rolled back: what it had replaced is current again, what it had inserted is superseded"


def _unreadable(view: View) -> str:
    return f"unreadable: this version cannot read the record: {view.get('error') or 'no details'}"


_SENTENCES: Mapping[str, Callable[[View], str]] = {
    **dict.fromkeys(("created", "dispatching", "running"), _working),
    "complete": _complete,
    "verifying": _verifying,
    "promoting": _promoting,
    "promoted": _promoted,
    "rejected": _rejected,
    "cancelled": _cancelled,
    "failed": _failed,
    "rolled_back": _rolled_back,
    "unreadable": _unreadable,
}


def _kept(view: View) -> str:
    """What is current after an end without a promotion; an earlier round may have been promoted."""
    if rounds := view.get("promoted_rounds"):
        return f"what round {max(rounds)} promoted stays current"
    return STAYED


def failed_in_words(view: View) -> str:
    """The failed checks with their values and limits; empty if none failed."""
    verdict: View = view.get("verdict") or {}
    left = {name: c for name, c in failed_checks(verdict).items() if name not in verdict.get("accepted", ())}
    return _in_words(left)


def _in_words(checks: Mapping[str, View]) -> str:
    return ", ".join(f"{name} {cell(c['value'])} (limit {cell(c['limit'])})" for name, c in checks.items())


def order_sentence(word: str, view: View, accepted: Sequence[str] = ()) -> str:
    """What an order on a batch would do, with its counts.

    Args:
        word: cancel, redrive, promote or rollback.
        accepted: of promote: the failed checks that are accepted.

    Raises:
        Misused: the accepted checks are not exactly the failed ones.
    """
    batch, counts = view["batch_id"], view["counts"]
    begin = f"{'roll back' if word == 'rollback' else word} {batch} ({view['status']})"
    if word == "cancel":
        return (
            f"{begin}: {finished(view)} of {counts['requested']} players are done, "
            f"{len(view['pending'])} pending; current predictions stay as they are"
        )
    if word == "redrive":
        lacking = [problem["player_lookup"] for problem in view["outcomes"]]
        said = f"{begin}: {len(lacking)} of {counts['requested']} players lack a result"
        return said + (f": {some(lacking, 10)}" if lacking else "")
    if word == "promote":
        verdict: View = view["verdict"] or {}
        failed = failed_checks(verdict)
        if left := sorted(set(failed) - set(accepted)):
            raise Misused(f"{batch} also failed {', '.join(left)}: each failed check must be named")
        if verdict and (other := sorted(set(accepted) - set(failed))):
            raise Misused(f"{batch} did not fail {', '.join(other)}; it failed {', '.join(sorted(failed)) or 'none'}")
        return (
            f"{begin} in spite of {_in_words(failed) or 'no failed check'}: the predictions of "
            f"{counts['produced']} players replace the current ones"
        )
    back = (counts["superseded"] or 0) + (counts["withdrawn"] or 0)
    return f"{begin}: {cell(counts['inserted'])} predictions of it are superseded, {back} come back as they were"


def opening_sentence(preview: View) -> str:
    """What a request for a batch would do."""
    return (
        f"would {preview['would']} {preview['game_date']}: {preview['requested_players']} players in "
        f"{preview['requests']} requests, systems {', '.join(preview['systems'])}"
    )
