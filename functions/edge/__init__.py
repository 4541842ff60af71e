"""What every function behind the HTTP API shares: who may in, how errors answer, how routes are described."""
