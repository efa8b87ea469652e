"""The soak: thousands of API calls among passing faults, hundreds of killed runs, and full disks.

`python -m soak` starts the report as a user does, against real servers on loopback and on real file
systems, and then looks at what is there. What it counts is the server's word, not the report's own.
"""
