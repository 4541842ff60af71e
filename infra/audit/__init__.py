"""The audit of `functions/audit` from a shell, for any stage."""
