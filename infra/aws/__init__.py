"""The target that puts the platform on AWS."""
