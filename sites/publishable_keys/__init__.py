"""Publishable keys: with which pages and mobile apps name the site whose events they send."""
