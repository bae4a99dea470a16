"""What each cloud calls, one function per kind of trigger."""
