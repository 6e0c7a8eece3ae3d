"""What happened while a subscription was paused or disabled: held, and decided on when it goes on.

A delivery is held as long as its subscription is not active. `resuming` deals with all of them
first and then sets the subscription going, so that nothing newer overtakes them.
"""
