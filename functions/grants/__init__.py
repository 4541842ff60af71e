"""Credits that an operator gives away."""
