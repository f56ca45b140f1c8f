"""Trials: what the models and estimators claim, against simulated people whose truth is known. Minutes, not seconds."""
