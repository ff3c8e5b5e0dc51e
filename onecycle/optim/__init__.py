"""Parameter groups with their own rate and decay, and schedules."""
