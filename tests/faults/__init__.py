"""The fault matrix: a whole run meets every fault at every call."""
