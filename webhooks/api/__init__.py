"""The management API under `/api/v1/`: what a site has set up, and what became of it all.

view                what every address shares: the key, its site
answered_once       `Idempotency-Key`: a repeat is answered as the first request was
*_bodies, *_views   one pair for each resource

Lists, bodies and conflicts are read and answered by `common.endpoint`.
"""
