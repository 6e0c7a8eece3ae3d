"""Who is told that deliveries fail: members by e-mail, other systems by an event."""
