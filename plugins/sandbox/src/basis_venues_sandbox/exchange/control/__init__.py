"""Steering a running sandbox."""
