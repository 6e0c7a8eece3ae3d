"""Formats, signing and encryption: what goes out, and what our own presets make of it."""
