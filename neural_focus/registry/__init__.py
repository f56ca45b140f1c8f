"""The stored models, which of them serves, and what was decided about them: bytes and manifests, no predictor."""
