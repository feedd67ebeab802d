"""At home in the host: thin adapters for Flask and Django. No stage has logic here."""
