"""Parallel and distributed SGD that can be watched: who read which version, and wrote what when."""
