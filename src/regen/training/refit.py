"""The weekly refit: a fit on the games before the last weeks, judged on these."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from regen.data.csvs import DataFolder
from regen.features.versions import SERVED_VERSION
from regen.systems.artefact import Artefact, load_artefact
from regen.training.gate import Gate, Limits, gate, window
from regen.training.served import train_served
from regen.training.train import train


def refit(
    folder: DataFolder, in_use: Artefact, limits: Limits, last: date, weeks: int, remarks: Counter[str] | None = None
) -> Gate:
    """Fit as the model in use was, on the games before the last weeks, and compare the two on these.

    Args:
        last: the last date of the weeks.
        remarks: counts what is left out of the fit.

    Raises:
        Unjudged: the model in use has seen the weeks, or they have too few games.
    """
    first = last - timedelta(weeks=weeks) + timedelta(days=1)
    window(folder, in_use, in_use, first, last)  # before the minutes of a fit
    until = first - timedelta(days=1)
    if in_use.feature_version == SERVED_VERSION:
        fitted = train_served(folder, until, load_artefact(), remarks)
    else:
        fitted = train(folder, until, remarks)
    return gate(folder, fitted, in_use, limits, first, last)
