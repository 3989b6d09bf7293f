"""The versions of features that there are models for."""

from __future__ import annotations

from regen.features.names import FEATURE_VERSION

SERVED_VERSION = "regen_v2"
"""The features of `regen_v1` as far as upstream's box scores give them: without turnovers and makes, and so without ratings,
pace and usage; shot zones are upstream's."""
ACCEPTED = (FEATURE_VERSION, SERVED_VERSION)
