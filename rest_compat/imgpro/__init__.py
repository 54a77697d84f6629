"""img.pro, all its generations at once (seeds 000, 001 and 002); openapi.yaml says what is served."""
