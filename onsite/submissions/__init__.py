"""The endpoint to which a site sends its visitors."""
