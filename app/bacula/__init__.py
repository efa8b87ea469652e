"""Bacula's vocabulary: letters, jobs, logs, the Director's clock. Pure; imports nothing of ours."""
