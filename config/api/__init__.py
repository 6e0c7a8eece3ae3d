"""The schema of the public endpoints at `/api/schema`, and the page that shows it at `/api/docs`.

generator        drf-spectacular, fed with what stands next to the endpoints
described        every group, in the order of the page
own_endpoints    health, the schema, the page
views            both addresses
"""
