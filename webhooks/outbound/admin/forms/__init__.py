"""The sections of a subscription's page as forms; saving one leaves the others as they are."""
