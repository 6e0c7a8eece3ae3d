"""The unit of work behind `contacts.services`: read, load, resolve, apply, write.

A batch works on plain objects in memory and writes everything at the end in a few statements:

    facts         a change with every value normalised
    states        a contact in memory, with what changed about it
    snapshot      the contacts that a batch may touch, by way of `loading`
    identities    whose contact a change is about, and when two contacts are one
    rules         which fact wins: fields, attributes, state of the e-mail address
    channels      which fact wins: preferences, e-mail lists
    consent_answers  which answer to a consent counts, and its proof
    activities    what a person did, each once
    loyalty       points, vouchers and promotions that a source tells of
    merging       two states become one
    erasure       deletion, tombstones, revival
    batch         the order of it all; `outcome` and `ledger` hold what it leads to
    writing       to the database, with `contact_rows` and `settling`
    announcing    to the layers above

Nothing outside this package and `contacts.services` imports it.
"""
