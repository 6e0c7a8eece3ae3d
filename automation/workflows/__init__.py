"""Workflows: what happens by itself when something happened.

definition    what an operator saves: a trigger, conditions and steps, as JSON
triggers      what can set a workflow off; `causes` hears of it
actions       what a step can do, one file each; found by `actions.registry`
variables     what the steps may refer to, with the latest sample value beside
services      save, start, pause, delete; versions never change
directory     the running workflows, in memory
engine        runs begin, go on and end
working       the worker's loop for what is due later
dry_run       the real thing in a transaction that is rolled back
"""
