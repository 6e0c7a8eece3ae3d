"""The third loop of the worker: runs whose wait is over, steps that are due apart from their runs.

claims    who does what, under a lease
due_runs  runs go on where they stood
due_steps what failed or waited for another system
run_loop  the loop and its thread
"""
