"""`models`: published artefacts, which of them predicts the next batch, and what challenges it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regen.cli.arguments import DryRun, Why, Yes
from regen.cli.challenging import challenge
from regen.cli.comparing import compare
from regen.cli.gating import gate
from regen.cli.model_orders import give
from regen.cli.output import columns
from regen.cli.publishing_onnx import publish_onnx
from regen.cli.refitting import refit
from regen.cli.session import Session, command
from regen.client.errors import Misused, NothingFound

PANEL = "Data and models"
LIST = "hash feature_version:features in_use challenges from first_date:first last_date:last games used_at problem::t4"
Hash = Annotated[str, typer.Argument(metavar="HASH", help="The artefact's hash, as rows name it.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Published models, and which of them is in use.", no_args_is_help=True)
    command(group, "list", example="models list", lists=True)(list_)
    command(group, "show", example="models show 0123456789abcdef")(show)
    command(group, "gate", example="models gate artefact.json --data DIR")(gate)
    command(group, "refit", example="models refit --from-warehouse --dry-run")(refit)
    command(group, "publish", example="models publish artefact.json")(publish)
    command(group, "use", example='models use 0123456789abcdef --reason "weekly refit"')(use)
    command(group, "rollback", example='models rollback --reason "the error rose"')(rollback)
    command(group, "challenge", example='models challenge 0123456789abcdef --reason "a refit to watch"')(challenge)
    command(group, "compare", example="models compare 0123456789abcdef in-use --from 2026-01-20 --to 2026-01-24")(
        compare
    )
    app.add_typer(group, name="models", rich_help_panel=PANEL)


def list_(session: Session) -> None:
    """List the models of the release and of the store, and say which are in use and which challenge.

    Models as ONNX are named below the others.
    """
    from regen.client.published import listed  # noqa: PLC0415
    from regen.client.published_onnx import published  # noqa: PLC0415

    standing = session.coordinator.models()
    known = standing.value
    rows = listed(session.models if known.has_store else None, known)
    onnx = published(session.models) if known.has_store else []
    if session.out.json:
        session.out.dump({**standing.record, "models": rows, "onnx": onnx})
        return
    session.out.table(columns(LIST), rows)
    if onnx:
        session.out.say(f"models as ONNX: {', '.join(onnx)} (regen models show HASH)")
    if not known.has_store:
        session.out.say("no store of models is configured: every batch uses what the release ships")


def show(session: Session, artefact_hash: Hash) -> None:
    """Show what an artefact was fitted on, or what a model as ONNX takes and gives, and verify it."""
    found = _facts(session, artefact_hash)
    if session.out.json:
        session.out.dump(found)
        return
    for name, value in found.items():
        session.out.line(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


def _facts(session: Session, model_hash: str) -> dict[str, object]:
    from regen.client.published import artefact_of, facts  # noqa: PLC0415
    from regen.client.published_onnx import facts_of  # noqa: PLC0415

    try:
        artefact, origin = artefact_of(lambda: session.models, model_hash)
    except NothingFound:
        if (found := facts_of(session.models, model_hash)) is None:
            raise
        return found
    return {**facts(artefact), "from": origin}


def publish(
    session: Session,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An artefact, as `regen train` writes it, or FILE.onnx.")
    ],
    manifest: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE", help="What an ONNX model takes and gives, as JSON.")
    ] = None,
) -> None:
    """Put a model into the store, under its hash. It is not in use before `regen models use`.

    A model as ONNX is in use where REGEN_ONNX_SYSTEMS names it.
    """
    if manifest is not None or file.suffix == ".onnx":
        publish_onnx(session, file, manifest)
        return
    from regen.client.published import facts  # noqa: PLC0415
    from regen.client.published import publish as put  # noqa: PLC0415
    from regen.systems.artefact import ArtefactRefused  # noqa: PLC0415

    try:
        artefact = put(session.models, file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ArtefactRefused) as error:
        raise Misused(f"{file}: {error}") from error
    if session.out.json:
        session.out.dump(facts(artefact))
    else:
        session.out.line(f"published {artefact.hash}")


def use(session: Session, artefact_hash: Hash, reason: Why, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Use a published model from the next batch on; batches that are open keep theirs."""
    from regen.client.published import artefact_of  # noqa: PLC0415

    version = artefact_of(lambda: session.models, artefact_hash)[0].feature_version
    expected = session.coordinator.models().value.in_use.get(version)
    if not expected:
        raise NothingFound(f"no model is in use for features {version}", "regen models list")
    body = {"hash": artefact_hash, "expected": expected, "reason": reason}
    give(session, "use", body, dry_run=dry_run, yes=yes)


def rollback(
    session: Session,
    reason: Why,
    artefact_hash: Annotated[
        str | None, typer.Option("--from", metavar="HASH", help="The model to leave; needed if several are in use.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Use again what was in use before, from the next batch on."""
    if artefact_hash is None:
        standing = session.coordinator.models().value
        others = [h for v, h in standing.in_use.items() if h != standing.packaged.get(v)]
        if len(others) != 1:
            said = "no model but the release's own is in use" if not others else "several published models are in use"
            raise Misused(f"{said}: name the one to leave with --from")
        (artefact_hash,) = others
    give(session, "rollback", {"expected": artefact_hash, "reason": reason}, dry_run=dry_run, yes=yes)
