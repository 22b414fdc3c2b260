"""The journal: what was meant, what was sent and what came of it, written before and after each write to a venue."""
