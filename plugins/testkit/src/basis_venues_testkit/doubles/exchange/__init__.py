"""The sandbox exchange as a double."""
