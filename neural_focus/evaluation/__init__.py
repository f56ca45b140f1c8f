"""How good a model is: figures beside baselines, gates, reports."""
