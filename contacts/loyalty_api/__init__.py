"""Points, vouchers and promotions over HTTP, under `/api/v1/`; see docs/loyalty.md.

view               what the views share: scopes, the contact of an address, conflicts
amounts            amounts on the wire: JSON numbers with four places at most
points_*, voucher_*, promotion_*    bodies and views of each
"""
