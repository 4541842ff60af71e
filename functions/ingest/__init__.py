"""Pictures of strangers: looked at when they arrive, and when an order asks for it."""
