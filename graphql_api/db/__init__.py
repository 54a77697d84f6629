"""Rows: the only home of Tortoise. One query module per noun; they return domain values, never models."""
