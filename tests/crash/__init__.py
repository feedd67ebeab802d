"""kill -9 at named points and at random, under load, and what the ledger says afterwards.

    python -m tests.crash --rounds 200 [--database postgresql] [--seed 1]

workers   real Gunicorn processes that serve `crash_app`
crash_app the app: the stack, and a worker that kills itself at a point once told to
bench     the load, the kills, and the counts
"""
