"""The platform: declared once as plain data, carried out by one target per provider."""
