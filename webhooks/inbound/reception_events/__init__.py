"""Reception events: what operators define may come in, and the source that each of them owns."""
