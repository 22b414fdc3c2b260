"""The sandbox's chain as a double."""
