"""Models: labels, inputs, training, calibration, the one inference path, explanation, evaluation and the store."""
