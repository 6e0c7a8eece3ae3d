"""The Generic API as a retailer would serve it, answered from Patchbay's contacts.

served_request   what came, raw
admission        whether it may: the credentials of the site's settings
looking_up       GET
writing          POST, PUT, PATCH
call_log         the rows that staff see
view             the order of it all
"""
