"""The base of all services: ports, documents, messages, leases, the outbox, and claims."""
