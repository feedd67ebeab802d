"""`check`: finds faults in the configuration and the stack.

command  the command, and findings in the configuration
app      the stack in an app, and the middlewares around it
probe    calls through the mounted stack
server   Gunicorn's settings, the disk, a running server
sessions streaming sessions: server, descriptors, time to end
ledger   rows without a cost
finding  one line with its cure
prices   the price findings of `check`
"""
