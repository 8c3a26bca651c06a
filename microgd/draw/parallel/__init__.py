"""Parallel runs to pictures: who read what and wrote it when, what it cost, and what was lost."""
