"""Nights with a label: what a careful operator would want to be told, and nothing else."""
