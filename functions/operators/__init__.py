"""Operators: appointing them, counting what came of jobs, and showing how the studio runs."""
