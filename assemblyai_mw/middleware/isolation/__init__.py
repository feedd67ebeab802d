"""Isolation: finds ids in requests, and limits lists to one owner's transcripts.

decoding  texts as the laxest readers might decode them, with bounded work
document  finds transcripts, files, and words that could be ids in a JSON document
ids       finding transcript ids and uploads in paths, queries and bodies, however spelled
lists     A caller's query for the list of transcripts, and its reply
objects   Voice Agents: whose agents, sessions and webhook subscriptions are
object_lists  one owner's lists of them
object_sessions  the ids of a Voice Agent session, in both directions
own_rows  the rows of one list, as the ledger orders them
replies   AssemblyAI's replies to uploads and lists, read whole, and the lists answered here
stage     isolation
uploads   facts of an upload that are known before its URL is
walk      one owner's page out of the account's list, by the ledger's ids
"""

from .stage import Isolation

__all__ = ["Isolation"]
