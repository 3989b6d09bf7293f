"""Published models as a command line sees them: the store's artefacts, verified, and which of them is in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from regen.api.kept import ARTEFACTS, artefact_name
from regen.api.models import ModelsInUse
from regen.client.errors import FellShort, NothingFound
from regen.systems import system_ids
from regen.systems.artefact import Artefact, ArtefactRefused, parse_artefact, shipped_texts, verified_artefact

if TYPE_CHECKING:
    from regen.ports import Archive


def publish(store: Archive, text: str) -> Artefact:
    """Put an artefact into the store, under its hash, and read it back.

    Raises:
        ArtefactRefused: the text is no artefact of this release, or was changed after it was written.
        FellShort: what the store holds under that hash is something else.
    """
    artefact = parse_artefact(text)
    put(store, artefact_name(artefact.hash), artefact.to_json().encode())
    return artefact


def put(store: Archive, name: str, content: bytes) -> None:
    """Put an object into the store, and read it back.

    Raises:
        FellShort: what the store holds under that name is something else.
    """
    store.keep(name, content)
    if store.read(name) != content:
        raise FellShort(
            f"{name}: the store holds something else under this name, which no account may replace: remove it"
        )


def published(store: Archive) -> list[str]:
    """The hashes in the store, in order."""
    return [name.removeprefix(ARTEFACTS).removesuffix(".json") for name in store.names(ARTEFACTS)]


def artefact_of(store: Callable[[], Archive], artefact_hash: str) -> tuple[Artefact, str]:
    """An artefact, verified, and where it is from: `release` or `store`.

    Args:
        store: gives the store, which is not looked for where the release has the artefact.

    Raises:
        NothingFound: it is in neither.
        ArtefactRefused: what the store has is not what its name says.
    """
    if text := shipped_texts().get(artefact_hash):
        return parse_artefact(text), "release"
    content = store().read(artefact_name(artefact_hash))
    if content is None:
        raise NothingFound(f"no model {artefact_hash}, neither in this release nor in the store", "regen models list")
    return verified_artefact(content.decode("utf-8", "replace"), artefact_hash), "store"


def listed(store: Archive | None, standing: ModelsInUse) -> list[dict[str, object]]:
    """Every model of the release and of the store, with whether it is in use or challenges; then the systems that do."""
    challengers = {challenger.name for challenger in standing.challengers}
    systems = sorted(challengers & set(system_ids()))
    hashes = sorted((set(published(store) if store else ()) | {*standing.packaged.values()} | challengers) - {*systems})
    since = {use.hash: use.at.isoformat() for use in reversed(standing.history)}
    rows = [{**_row(store, each, standing), "used_at": since.get(each)} for each in hashes]
    return rows + [
        {"hash": name, "problem": None, "in_use": False, "challenges": True, "from": "release", "used_at": None}
        for name in systems
    ]


def _row(store: Archive | None, artefact_hash: str, standing: ModelsInUse) -> dict[str, object]:
    row: dict[str, object] = {"hash": artefact_hash, "problem": None}
    row["in_use"] = artefact_hash in standing.in_use.values()
    row["challenges"] = artefact_hash in {challenger.name for challenger in standing.challengers}
    row["from"] = "release" if artefact_hash in standing.packaged.values() else "store"
    text = shipped_texts().get(artefact_hash)
    if text is None:
        text = ((store.read(artefact_name(artefact_hash)) if store else None) or b"").decode("utf-8", "replace")
    try:
        return {**row, **facts(verified_artefact(text, artefact_hash))}
    except ArtefactRefused as error:
        return {**row, "problem": str(error)}


def facts(artefact: Artefact) -> dict[str, object]:
    """What an artefact says of itself."""
    return {
        "hash": artefact.hash,
        "feature_version": artefact.feature_version,
        "first_date": artefact.first_date,
        "last_date": artefact.last_date,
        "games": artefact.games,
        "systems": sorted(artefact.models),
    }
