"""From a sender's spelling of an address or a number to the one that is stored and compared.

Each function returns None for a value that cannot be used; the caller notes it and goes on.
"""
