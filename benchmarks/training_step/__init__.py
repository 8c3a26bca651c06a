"""One full training step of a small MLP, written with NumPy by hand and with every peer.

Forward, cross-entropy with class indices, backward, Adam: the same initial weights and data for
all, checked to give the same weights before anything is timed.
"""
