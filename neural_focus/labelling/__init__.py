"""What happened after a moment, as labels for training and as outcomes of what was served."""
