"""Whatever others wrote is read, or refused with a sentence: one module a reader (`make fuzz`)."""
