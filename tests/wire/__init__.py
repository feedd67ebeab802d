"""Raw sockets on both sides of the real stack, under real WSGI servers.

A case number in a test's id (`c56`) is a row of docs/reliability.md.

| module          | what it gives                                                        |
|-----------------|----------------------------------------------------------------------|
| kit_http        | requests, as the upstream saw them; replies, as the client saw them |
| kit_upstream    | an upstream that follows a script, and keeps every byte it was sent |
| kit_client      | a client that sends exactly the bytes it is told to                  |
| kit_servers     | Gunicorn, Waitress and wsgiref as processes, each on its own port    |
| wire_app        | the app those servers serve                                          |
| seeds, mutate   | hostile requests and replies, and what is made of them               |
"""
