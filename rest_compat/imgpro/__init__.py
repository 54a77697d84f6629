"""img.pro, generation 4 (seed 002): POST /v1/images and GET /v1/images/{id}."""
