"""GraphQL, and nothing else: one module per noun. `build.py` puts them together, `view.py` speaks HTTP."""
