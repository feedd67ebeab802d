"""`check`: finds faults in the configuration and the stack.

command  the command, and what it finds in the configuration
app      the stack in an app, and what stands around it
probe    calls through the mounted stack
server   Gunicorn's settings, the disk, a running server
ledger   rows without a cost
finding  one line with its cure
"""
