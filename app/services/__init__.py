"""What the shop does, one use case a module: functions whose dependencies are arguments."""
