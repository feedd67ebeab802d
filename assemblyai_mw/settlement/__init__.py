"""Settles open calls, and checks the ledger against AssemblyAI's own list.

settler        closes open rows: asks for their transcript, or looks in the list
background     the same every few seconds, in a thread of each worker
reconcile      where the ledger and AssemblyAI's list differ
reprice        prices for rows that had none
account        AssemblyAI's REST API of one region
upstream_list  its list of transcripts, back to a moment
deadlines      how long a call may be under way
summary        what one run did
telling        callbacks hear of rows that settlement closed
matching       which transcript came of a submit whose answer was lost
options        what a submit asked for, kept to recognise its transcript by

Only what a worker needs from its start is imported here; the rest by its module.
"""

from .background import BackgroundSettler

__all__ = ["BackgroundSettler"]
