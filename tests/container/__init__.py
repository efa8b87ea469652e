"""The image, run as containers: hardened, against the embedded Baculum in a second container."""
