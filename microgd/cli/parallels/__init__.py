"""What `microgd parallel` is made of: its options, its progress, its studies."""
