"""Configuration: files and variables in, one checked `Settings` out.

The modules here are imported one by one (`basis_venues.config.settings`, `basis_venues.config.venues`): a venue plugin needs only its
settings class and must not pay for the rest.
"""
