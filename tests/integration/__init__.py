"""Tests that talk to real servers on loopback."""
