"""Tintype, the service: everything that is not a query language. Start reading at `app.py`."""

__version__ = "0.1.0"
