"""Points, reward vouchers and promotions of contacts.

    amounts       what an amount may be
    lots          which points go first
    ledger        accounts and transactions as rows: locked, written, expired
    points        awarding, redeeming, correcting; `points_order` is what is asked for
    expiring      the schedule by which points expire
    vouchers      creating and redeeming; codes
    promotions    defining; assigning; redeeming
    definitions   kinds of points
    told_facts    what sources say of all these, from `contacts.applying`
    following     merges and erasures of contacts, from there as well

Contacts are locked first, in the order of their ids, and then their accounts in that of theirs:
whoever changes what somebody has waits for whoever merges or erases them, and never in a circle.
"""
