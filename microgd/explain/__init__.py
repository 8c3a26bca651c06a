"""Records of what happened: the edges of a backward pass, a neuron, the gradient of every layer."""
