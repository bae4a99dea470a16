"""The target that puts the platform on this machine."""
