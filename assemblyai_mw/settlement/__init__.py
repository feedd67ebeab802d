"""Settles open calls, and checks the ledger against AssemblyAI's own list.

settler          closes open rows, by their transcript or by the list
open_rows        the ways on for an open row: closed, later, or given up
background       the same every few seconds, in a thread of each worker
lateness         says in the log that calls stay open for too long
reconcile        where the ledger and AssemblyAI's list differ
reprice          prices for rows that had none
rest_api         AssemblyAI's REST API of one region
transcript_list  its list of transcripts, back to a moment
deadlines        how long a call may be under way
summary          what one run did
telling          callbacks hear of rows that settlement closed
matching         matches transcripts to submits without a reply
options          marks of a submit's options, to recognise its transcript
lost_sessions    how long streaming sessions lasted whose process died
lost_agents      how long voice agents' sessions lasted: AssemblyAI is asked
closing          closes open ledger rows, alike for clients' replies and settlement

Only what a worker needs from its start is imported here; the rest by its module.
"""

from .background import BackgroundSettler

__all__ = ["BackgroundSettler"]
