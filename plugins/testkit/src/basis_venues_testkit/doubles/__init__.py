"""What stands in for a venue in levels 2 and 3: one face for all, an exchange and a chain behind it."""
