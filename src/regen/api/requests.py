"""What callers ask for: a struct for each body. A field that a struct does not have is refused: its sender means something by it.

A type here says the shape of a field, and in its words what is expected; what a value means (a date, a known system) is the
domain's. A field that is UNSET was not sent, which is not the same as null.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from regen.api.words import named
from regen.domain.backfill import DEFAULT_CONCURRENT, MAX_CONCURRENT, MAX_DATES, Only
from regen.domain.withdrawal import REASONS

EXPECTED = "expected"
"""The key of `Meta.extra` under which a type has the sentence of its refusal."""
MAX_NAMES = 1000
MAX_NAME = 100
MAX_TRACE = 200
MAX_WHY = 500
ONLY = ("all", "missing")


def expected(sentence: str, **schema: object) -> Meta:
    """What a field's value has to be, as its refusal says it.

    Args:
        schema: more for the document.
    """
    return Meta(extra={EXPECTED: sentence}, extra_json_schema=schema or None)


def _words(*words: str, more: str = "") -> Meta:
    said = expected(f"one of {', '.join(words)}{more}", enum=list(words))
    return Meta(pattern=rf"^(?:{'|'.join(words)})\Z", extra=said.extra, extra_json_schema=said.extra_json_schema)


_NAMES = f"a list of 1 to {MAX_NAMES} names, none of them empty; without the field, all are meant"
_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=r"\S")]
Names: TypeAlias = Annotated[
    list[_Name], Meta(min_length=1, max_length=MAX_NAMES, extra={EXPECTED: _NAMES}), named("Names")
]
Checks: TypeAlias = Annotated[list[_Name], Meta(max_length=MAX_NAMES, extra={EXPECTED: _NAMES})]
Flag: TypeAlias = Annotated[bool, expected("true or false")]
Day: TypeAlias = Annotated[str, expected("a date as YYYY-MM-DD"), named("Date")]
DayOrWord: TypeAlias = Annotated[
    str,
    expected("a date as YYYY-MM-DD, TODAY or TOMORROW", pattern="^([12][0-9]{3}-[0-9]{2}-[0-9]{2}|TODAY|TOMORROW)$"),
]
ReasonWord: TypeAlias = Annotated[
    str, expected("lower-case letters, digits and _, at most 40, beginning with a letter"), named("Reason")
]
Why: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_WHY,
        pattern=r"\S",
        extra={EXPECTED: f"a text of at most {MAX_WHY} characters"},
    ),
]
ModelHash: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{16}\Z", extra={EXPECTED: "the hash of a model, as `regen models list` has it"}),
]
ChallengerName: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_]{0,63}\Z", extra={EXPECTED: "the hash of a published model, or the id of a system"}
    ),
]
Metadata: TypeAlias = Annotated[dict[str, Any] | None, expected("an object"), named("Metadata")]
"""The caller's own words: regen keeps them and reads none of them."""
Trace: TypeAlias = Annotated[
    Annotated[str, Meta(max_length=MAX_TRACE)] | None,
    expected(f"a text of at most {MAX_TRACE} characters, or null"),
]
LINES = "false, or no such field: regen predicts each line that the bookmaker offers, and no others beside it"
_PREFIX = "an empty text, or no such field: a deployment has its prefix, REGEN_DATASET_PREFIX; send it to that one"


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller asks for.

    Attributes:
        dry_run: find out what would be done; do nothing.
    """

    dry_run: Flag = False


class DryRun(Request, frozen=True, kw_only=True):
    """No more than whether to act."""


class Order(Request, frozen=True, kw_only=True):
    """An order on a batch, on a backfill or on the platform.

    Attributes:
        reason: why, for the audit.
    """

    reason: Why | UnsetType = UNSET


class HaltOrder(Request, frozen=True, kw_only=True):
    """The order to halt the platform.

    Attributes:
        reason: why, for the audit and for all who wait.
    """

    reason: Why


class ModelBack(Request, frozen=True, kw_only=True):
    """The order to go back to the model before.

    Attributes:
        expected: the hash that the caller has seen in use.
        reason: why, for the audit.
    """

    expected: ModelHash
    reason: Why


class ModelOrder(ModelBack, frozen=True, kw_only=True):
    """The order to use a published model.

    Attributes:
        hash: the artefact to use, by its hash.
    """

    hash: ModelHash


class ChallengerOrder(Request, frozen=True, kw_only=True):
    """The order to make an artefact or a system a challenger, or to end that.

    Attributes:
        challenger: the artefact's hash, or the system's id.
        end: whether the challenge is to end.
        reason: why, for the audit.
    """

    challenger: ChallengerName
    end: Flag = False
    reason: Why


class Acceptance(Order, frozen=True, kw_only=True):
    """The order to promote a batch.

    Attributes:
        checks: all checks that failed and no other; empty where none failed. A rejected batch needs the field, a held
            one does not.
    """

    checks: Checks | UnsetType = UNSET


class Regeneration(Request, frozen=True, kw_only=True):
    """The date to regenerate, all of it or chosen players, games and systems.

    Attributes:
        players: only these. A name that the slate does not have is refused, with those that are most like it.
        games: only players of these.
        systems: only these systems.
        hold: once its checks have passed, the batch ends `held` instead of being promoted, and waits for an order to promote.
            A follow-up is held if one of its triggers asks for it.
    """

    game_date: Day
    reason: ReasonWord | UnsetType = UNSET
    metadata: Metadata = None
    players: Names | UnsetType = UNSET
    games: Names | UnsetType = UNSET
    systems: Names | UnsetType = UNSET
    hold: Flag = False


class Start(Request, frozen=True, kw_only=True):
    """The first predictions of a date; the fields from `correlation_id` on are the predecessor's.

    Attributes:
        game_date: a US Eastern date, or one of the two words.
        min_minutes: players under it on average are left out.
        force: although the date has been promoted before.
        only: `missing`: only the players who are expected and have no current prediction, whether the date has been promoted
            or not.
        correlation_id: kept in the batch's metadata, as are the predecessor's other fields.
        skip_completeness_check: changes nothing: coverage is judged before a promotion.
        skip_postponement_check: changes nothing: players of a game that is called off are excluded.
        use_multiple_lines: true is refused: each line that the bookmaker offers is predicted, and no others beside it.
        dataset_prefix: another is refused: a deployment has its prefix.
    """

    game_date: DayOrWord
    min_minutes: Annotated[Annotated[float, Meta(ge=0, le=48)] | None, expected("a number from 0 to 48")] = None
    force: Flag = False
    only: Annotated[Literal["all", "missing"], expected(f"one of {', '.join(ONLY)}")] = "all"
    metadata: Metadata = None
    correlation_id: Trace | UnsetType = UNSET
    parent_processor: Trace | UnsetType = UNSET
    skip_completeness_check: Flag | UnsetType = UNSET
    skip_postponement_check: Flag | UnsetType = UNSET
    use_multiple_lines: Annotated[bool, expected(LINES, const=False)] | UnsetType = UNSET
    dataset_prefix: Annotated[Literal[""] | None, expected(_PREFIX)] | UnsetType = UNSET


class Withdrawal(Request, frozen=True, kw_only=True):
    """Games, or in their place players, whose current predictions are withdrawn.

    Attributes:
        reason: free text goes into metadata.
        games: all current predictions of these.
        players: all current predictions of these.
    """

    game_date: Day
    reason: Annotated[str, _words(*REASONS, more="; free text goes into metadata")]
    games: Names | UnsetType = UNSET
    players: Names | UnsetType = UNSET
    metadata: Metadata = None


class Range(Request, frozen=True, kw_only=True):
    """The dates of a backfill.

    Attributes:
        to: at most 400 dates in all.
        only: `missing`: coverage is too low. `failed`: the newest batch was not promoted.
    """

    from_: Day = field(name="from")
    to: Day
    reason: ReasonWord | UnsetType = UNSET
    metadata: Metadata = None
    max_concurrent_dates: Annotated[
        int, Meta(ge=1, le=MAX_CONCURRENT), expected(f"a whole number from 1 to {MAX_CONCURRENT}")
    ] = DEFAULT_CONCURRENT
    only: Annotated[Only, expected(f"one of {', '.join(Only)}", enum=list(Only))] = Only.ALL
    backwards: Flag = False


class Grading(Request, frozen=True, kw_only=True):
    """The last `days` until today (US Eastern), or `from` and `to`."""

    days: Annotated[int, Meta(ge=1, le=MAX_DATES), expected(f"a whole number from 1 to {MAX_DATES}")] = 2
    from_: Day | UnsetType = field(name="from", default=UNSET)
    to: Day | UnsetType = UNSET


class Span(Grading, frozen=True, kw_only=True):
    """The dates to look at: the last `days` until today (US Eastern), or `from` and `to`.

    Attributes:
        fill: start the missing players of dates whose coverage is too low, and alert to a slate of today that no start has taken
            up.
        records: compare the batch records with the audit, and nothing else (`records_agree`); not with `fill`.
        dry_run: look, raise no alert, and start nothing.
    """

    fill: Flag = False
    records: Flag = False


class NewsLook(Request, frozen=True, kw_only=True):
    """Whose news to look for: without a date, that of today and tomorrow (US Eastern).

    Attributes:
        game_date: a US Eastern date, or one of the two words.
        games: only the news of these games.
        players: only the news about these players; their team-mates are regenerated with them.
        if_due: do nothing unless the settings' rhythm wants a scan now.
    """

    game_date: DayOrWord | UnsetType = UNSET
    games: Names | UnsetType = UNSET
    players: Names | UnsetType = UNSET
    if_due: Flag = False
