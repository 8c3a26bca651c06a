"""`microgd train`, in parts: its options, what they choose, and what comes of a run."""
