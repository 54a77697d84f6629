"""The HTTP edge that GraphQL, the REST dialects and the image route share."""
