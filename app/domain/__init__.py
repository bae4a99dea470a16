"""What a shop is made of, in the standard library only."""
