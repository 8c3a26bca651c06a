"""Claims about training, each a file that measures what it claims."""
