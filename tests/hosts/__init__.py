"""The middleware in its hosts: Flask and Django, under every server that is promised."""
