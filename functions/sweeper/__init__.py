"""Every minute: what was left behind, and what is overdue."""
