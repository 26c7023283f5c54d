"""Rehearsals: recorded incidents played again, on the core alone or on a real engine in virtual time."""
