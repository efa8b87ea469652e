"""Delivery: a report reaches people, and silence is never mistaken for "all good".

`desk.deliver` is the door: it asks the rules whether a report is due, puts a letter for each
channel into the outbox before anything is tried, sends what waits there and keeps the books. A
channel knows one service and nothing of the others; no channel knows the outbox.
"""
