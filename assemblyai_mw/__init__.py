"""AssemblyAI behind any WSGI app."""
