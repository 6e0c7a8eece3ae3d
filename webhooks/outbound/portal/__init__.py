"""A page for whoever runs the receiving end of one subscription: no account, a link for a while.

links   makes, reads and revokes the links
views   what a link opens: that one subscription, nothing else
"""
