"""What stands behind the ports: `memory`, `local`, and those that serve everywhere in `common`."""
