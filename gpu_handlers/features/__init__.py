"""One file per feature: `run(order, ctx)`, a readable list of its stages."""
