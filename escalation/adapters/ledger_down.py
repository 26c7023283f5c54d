"""That the ledger does not answer: also for whoever asks it nothing, and is not to load a database for the word."""


class LedgerDown(Exception):
    """The ledger's database did not answer within its timeout. The message never holds a statement or its values."""
