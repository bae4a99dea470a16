"""Adapters that are the same on every cloud, and what several adapters share."""
