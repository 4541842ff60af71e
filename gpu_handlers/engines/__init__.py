"""The models: each engine turns a typed request into pixels or sound and knows nothing of jobs."""
