"""A site's senders: how they are changed, watched and tried out."""
