"""Fitting of the systems, and evaluation on dates that the fit has not seen. Needs numpy; no deployed function imports it."""

from os import environ

environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""The matrices are small: more threads take more processor time, and on a busy machine more wall time."""
