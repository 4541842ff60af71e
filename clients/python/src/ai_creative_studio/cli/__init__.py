"""The command `studio`."""
