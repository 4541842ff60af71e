"""Ends jobs: by what their worker reported, or because no worker will."""
