"""What schedules keep tidy: expired leases, old rows."""
