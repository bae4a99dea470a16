"""Adapters of the local cloud: SQLite and folders below the checkout's `.shop/`."""
