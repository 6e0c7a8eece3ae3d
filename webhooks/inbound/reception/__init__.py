"""From socket to journal: everything that happens before a request is answered."""
