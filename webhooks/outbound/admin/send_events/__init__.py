"""The pages of send events, and their tab on the page of a custom integration."""
