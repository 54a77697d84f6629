"""Pixels. `pool` is for the web process; everything else runs in the worker processes, the only home of libvips."""
