"""What every service stands on: the ports, documents, messages, leases, the outbox, and what is claimed once."""
