"""Asking an API: a real server on loopback, and everything that can go wrong with one."""
