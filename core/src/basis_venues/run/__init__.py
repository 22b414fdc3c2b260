"""Running a plan, a list of timed actions, through a manager, and reporting how it went."""
