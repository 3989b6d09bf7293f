"""What the three entry points share: settings, logs, routes and problems, callers, envelopes, and the wiring."""
