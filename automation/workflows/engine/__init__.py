"""Runs: how they begin, go on and end. Works on many at once, in the transaction of their cause.

run          a run in memory, and the version that it goes through
depth        how many workflows set each other off
steps        one step for many runs; a failure is one run's alone
going_on     runs through their steps, until they wait or end
beginning    who begins, and in which order
storing      rows of runs and steps
"""
