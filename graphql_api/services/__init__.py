"""Use cases: one class per noun, one public method per thing that a caller can ask."""
