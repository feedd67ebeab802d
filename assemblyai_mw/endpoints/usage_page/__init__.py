"""The usage page: what was used, by whom, at what cost; read-only, and without scripts.

access    who may see what: the host's own login, else HTTP Basic
app       UsagePage, the WSGI app: which page, and what every reply has
budgets   budgets with how full they are
calls     the list of calls, and one call
chart     bars of cost by day or month
figures   numbers for people
health    open calls, settlement, prices, the ledger
keys      keys and teams
layout    the frame of every page, and its filters
markup    HTML as values: every text is escaped
overview  the first page
view      the state of a page, which is all in the query
"""

from .app import UsagePage

__all__ = ["UsagePage"]
