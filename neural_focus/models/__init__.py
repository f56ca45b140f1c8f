"""The models, in the order of their story.

=============  =======================================================================================
data           ``inputs``, ``contracts``, ``population``, ``past``, ``datasets``, ``training_data``
trees          ``linear``, ``trees``, ``tree_model``
sequence       ``sequences``, ``network``, ``recurrent``, ``sequence_model``; ``blend_model`` has both
calibration    ``calibration``, ``confidence``
metrics        ``metrics``, ``baselines``, ``hazard``
train          ``model``, the protocol of every kind; ``train``, ``held_out``, ``drift``, ``blend``
evaluate       ``neural_focus.evaluation``, with the gates
predict        ``predict``, ``champion``
explain        ``typical``, ``vocabulary``, ``explain``
registry       ``neural_focus.registry``: bytes, and no predictor
=============  =======================================================================================
"""
