"""What the optional libraries of this installation can do. Importable by the web process: it loads none of them."""

from __future__ import annotations

import importlib.util


def reads_jxl() -> bool:
    """Whether JPEG XL is read: the extra `jxl` is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def sees() -> bool:
    """Whether faces are found and foregrounds cut out: the extra `vision` is installed."""
    return importlib.util.find_spec("cv2") is not None
