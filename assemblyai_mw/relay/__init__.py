"""The WebSocket tunnel. It knows bytes and sockets; keys, prices and ledgers are above it.

servers   where each WSGI server keeps the client's connection, and which ones have none to give
takeover  takes the client's connection out of the server's hands
"""
