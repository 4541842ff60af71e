"""The steps that features are made of: typed in, typed out, each usable alone."""
