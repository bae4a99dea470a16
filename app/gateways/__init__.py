"""Between a cloud's events and the neutral messages; pure."""
