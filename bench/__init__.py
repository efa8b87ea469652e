"""The benchmark: what a report costs in time and memory, beside what its requests alone cost.

`python -m bench` starts everything it measures as a process of its own and stays small itself:
Linux hands the peak memory of a parent on to the children it starts.
"""
