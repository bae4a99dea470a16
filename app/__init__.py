"""What runs inside a function: the standard library and this package, no provider's tools."""
