"""One module a function: `ROUTES` maps a route's key to what answers it."""
