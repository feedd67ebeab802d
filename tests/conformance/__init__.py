"""What PEP 3333 asks of every stage, asked of every stage alike."""
