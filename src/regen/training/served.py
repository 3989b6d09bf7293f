"""Fits for what is served on upstream's tables: box scores without the columns that upstream does not have."""

from __future__ import annotations

from collections import Counter
from datetime import date

from regen.data.csvs import DataFolder
from regen.domain.values import replace
from regen.features.versions import SERVED_VERSION
from regen.systems.artefact import Artefact
from regen.training.train import train
from regen.training.zones import Zones

REFITTED = ("learned_v1", "trees_v1")
"""Systems that weigh what the box scores do not give. The signals of the others mean the same, and their models stay."""


def as_served(folder: DataFolder) -> DataFolder:
    """The folder with box scores as upstream's table has them."""
    logs = tuple(
        replace(
            log, season_type="", starter=None, position=None, fgm=None, fg3m=None, ftm=None, steals=None, blocks=None,
            turnovers=None, fouls=None,
        )
        for log in folder.logs
    )  # fmt: skip
    return replace(folder, logs=logs)


def train_served(
    folder: DataFolder,
    until: date,
    base: Artefact,
    remarks: Counter[str] | None = None,
    *,
    zones: Zones = Zones.ARRIVED,
) -> Artefact:
    """The artefact for features of `regen_v2`: that of `regen_v1`, with the systems fitted anew that need it.

    Args:
        base: of `regen_v1`.
    """
    fitted = train(as_served(folder), until, remarks, zones=zones)
    models = {**base.models, **{name: fitted.models[name] for name in REFITTED}}
    first, last = min(base.first_date, fitted.first_date), max(base.last_date, fitted.last_date)
    return Artefact(first, last, fitted.games, SERVED_VERSION, models).sealed()
