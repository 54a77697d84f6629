"""Outbound HTTP. Every connection to an address that a caller chose goes through `guard`."""
