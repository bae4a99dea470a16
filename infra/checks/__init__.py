"""The rules that a platform is held to, one module for each kind of thing."""
