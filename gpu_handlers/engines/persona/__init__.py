"""A drawn person: traits in, the same flat vector figure in any pose out."""
