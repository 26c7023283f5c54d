"""The rules of the house: pure, standard library only.

No clock, no await, no logging, no randomness lives here: the instant is an argument, and the same code runs in
production, in a rehearsal and in a proof.
"""
