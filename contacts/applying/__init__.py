"""The unit of work behind `contacts.services`: read, load, resolve, apply, write.

A batch works on plain objects in memory and writes everything at the end in a few statements:

    facts      a change with every value normalised
    states     a contact in memory, with what changed about it
    loading    every contact that a batch may touch, in a few queries
    identities whose contact a change is about, and when two contacts are one
    rules      which fact wins: fields, attributes, e-mail status
    channels   which fact wins: preferences, consents, e-mail lists
    merging    two states become one
    erasure    deletion, tombstones, revival
    batch      the order of it all
    writing    rows for the database

Nothing outside this package and `contacts.services` imports it.
"""
