"""Fits what is fitted, and measures it on dates that the fit has not seen. Needs numpy; no function imports it."""
