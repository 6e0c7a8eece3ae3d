"""The script by which web pages send events: a dependency-free file, and its address."""
