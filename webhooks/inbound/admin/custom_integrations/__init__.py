"""Integrations → Custom: what operators define may come in, and the pages to do it on."""
