"""AssemblyAIMiddleware: one chain of stages, and what they share.

chain  the stages of a request, outermost first
parts  the ledger, the transport, the relay and all else that stages share
"""

from .chain import AssemblyAIMiddleware

__all__ = ["AssemblyAIMiddleware"]
