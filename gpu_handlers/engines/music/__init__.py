"""Music: a seeded composer and the instruments that play what it writes. Nothing recorded, so nothing to license."""
