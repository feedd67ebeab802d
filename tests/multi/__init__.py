"""Claims about several processes at once, on both engines."""
