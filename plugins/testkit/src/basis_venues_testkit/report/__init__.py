"""What became of the promises of a run: judged, gathered, told, and written."""
