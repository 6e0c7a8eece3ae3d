"""Named groups of the events that operators define (Connectif: Integrations > Custom)."""
