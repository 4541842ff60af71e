"""Calls customers' programs: news to deliveries, deliveries to requests, and the clock that repeats them."""
