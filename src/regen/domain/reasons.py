"""What each reason means that a player, a prediction or a batch can have, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Reason(Struct, frozen=True):
    """A short code, as it stands in outcomes, rows and records.

    Attributes:
        of: what has it.
        means: what it says, as a sentence without its stop.
        to_do: what to do about it.
    """

    of: str
    means: str
    to_do: str


NOTHING = "nothing"
_EXCLUDED = "an excluded player"
_SKIPPED = "a skipped player"
_FAILED = "a failed player"
_SYSTEM = "a system that made nothing of a player"
_WITHDRAWN = "a withdrawn prediction"
_ENDED = "a batch that ended without players"
_REDRIVE = "`regen redrive BATCH`"
_DEFECT = "a defect of regen: the outcome's error names the cause; report it with the batch's id"

REASONS: Mapping[str, Reason] = {
    "out": Reason(
        f"{_EXCLUDED}, {_SKIPPED} or {_WITHDRAWN}",
        "the injury report says OUT: current predictions are withdrawn; the player does not count against coverage",
        "nothing; if the report is wrong, have it mended, then `regen regenerate DATE`",
    ),
    "doubtful": Reason(
        _EXCLUDED,
        "the injury report says DOUBTFUL: no batch requests the player, and current predictions stay",
        NOTHING,
    ),
    "postponed": Reason(
        f"{_EXCLUDED} or {_WITHDRAWN}",
        "upstream's `game_status` says that the game is called off: its predictions are withdrawn",
        "nothing; if the game is played after all, have the status mended, then `regen regenerate DATE`",
    ),
    "under_minutes": Reason(
        _EXCLUDED,
        "fewer average minutes than `REGEN_MIN_MINUTES`, and no line; current predictions stay",
        "`regen start DATE --min-minutes N` asks for more players",
    ),
    "available_again": Reason(
        _EXCLUDED,
        "out or not on the slate when the batch was opened, and available when a redrive read the slate again",
        "`regen regenerate DATE`: a redrive keeps the slate that the batch was opened on",
    ),
    "no_history": Reason(
        _SKIPPED,
        "no earlier games are known; the player does not count against coverage",
        "nothing for a rookie; of many players at once, is `player_game_summary` loaded whole?",
    ),
    "low_quality": Reason(
        _SKIPPED,
        "the quality of the features is below `REGEN_MIN_QUALITY`",
        f"wait for better features, then {_REDRIVE}",
    ),
    "no_line": Reason(
        _SYSTEM,
        "the system needs a line, and the player has none; no check counts that against the system",
        NOTHING,
    ),
    "no_ensemble": Reason(
        _SYSTEM, "the system reads `ensemble_v1`, which made nothing of the player", "as for what `ensemble_v1` lacks"
    ),
    "too_few_systems": Reason(
        _SYSTEM, "an ensemble needs more systems than made something of the player", "as for what those systems lack"
    ),
    "missing_features": Reason(
        _SYSTEM,
        "features that the system needs are unknown: the outcome names them",
        f"have them made, then {_REDRIVE}",
    ),
    "feature_version": Reason(
        _SYSTEM, "the model was fitted on another version of the features", "deploy an artefact of that version"
    ),
    "not_fitted": Reason(
        _SYSTEM, "the artefact has no model of the system", "deploy an artefact that has it: `regen train`"
    ),
    "no_features": Reason(
        _FAILED,
        "upstream's table of features has no row of the player for the date",
        f"have the features made, then {_REDRIVE}",
    ),
    "invalid_features": Reason(
        _FAILED,
        "a feature is broken: the outcome's error names it and says what was expected",
        f"have the feature mended, then {_REDRIVE}",
    ),
    "invalid_inputs": Reason(
        _FAILED,
        "an input other than a feature is broken: the outcome's error names it and says what was expected",
        f"have the row mended, then {_REDRIVE}",
    ),
    "feature_version_mismatch": Reason(
        _FAILED,
        "the features are of a version that the systems do not know",
        "has upstream changed its features? Deploy an artefact of that version, or wait for the old one",
    ),
    "system_error": Reason(
        _FAILED, "no requested system could predict the player; the error is the first one's", _DEFECT
    ),
    "not_finite": Reason(_SYSTEM, "the estimate was infinite or no number", _DEFECT),
    "too_large": Reason(
        _FAILED, "the predictions do not fit into the request's document", "ask for fewer systems or lines"
    ),
    "unstorable": Reason(
        "a failed player, or a batch that Firestore refused",
        "the tables or Firestore refuse a value: the error names it",
        f"have the value mended at its source, then {_REDRIVE}, or open the batch again",
    ),
    "deadline": Reason(
        _FAILED,
        "no worker had answered when the batch's deadline passed",
        f"`regen doctor`: is the worker up? Then {_REDRIVE}",
    ),
    "dead_letter": Reason(
        _FAILED,
        "Pub/Sub gave up on the request's message, after all attempts",
        f"the worker's log says why; then {_REDRIVE}",
    ),
    "cancelled": Reason(_FAILED, "an operator cancelled the batch while the player was pending", _REDRIVE),
    "opening_lost": Reason(
        "a failed player, or a batch that never began",
        "the coordinator died while it opened the batch; its trigger starts another one by itself",
        "`regen wait --date DATE`",
    ),
    "model_unavailable": Reason(
        _FAILED,
        "the model that the batch has pinned was not in the store, or was not what its hash says",
        f"`regen models show HASH`, and publish it again; then {_REDRIVE}, or `regen regenerate DATE` with the model in use now",
    ),
    "lost_inputs": Reason(
        _FAILED, "the request's inputs cannot be read, or lack the player", "`regen regenerate DATE`"
    ),
    "lost_outcomes": Reason(
        _FAILED, "the request's outcomes cannot be read, or lack the player", "`regen regenerate DATE`"
    ),
    "unreadable": Reason(
        _FAILED,
        "this version cannot read the request's record",
        "see `record_unreadable` in the runbook, then `regen regenerate DATE`",
    ),
    "not_on_slate": Reason(
        _WITHDRAWN,
        "the slate no longer lists the player",
        "`regen slate DATE --all`: if it is not whole, `regen rollback BATCH`, and `regen regenerate DATE` when it is",
    ),
    "system_retired": Reason(
        _WITHDRAWN, "`REGEN_RETIRED_SYSTEMS` names the system, and the player has new rows of others", NOTHING
    ),
    "no_slate": Reason(
        _ENDED,
        "the date has no slate",
        "`regen slate DATE --all`; when it is loaded, `regen start DATE`",
    ),
    "nobody_requested": Reason(
        _ENDED, "every player of the slate is excluded", "`regen slate DATE --all` names the reasons"
    ),
    "game_has_begun": Reason(_ENDED, "news came for players whose games had begun by then", NOTHING),
}
"""Every reason, in the order in which a player can meet it."""
