"""What the make commands run, one module each."""
