"""What the optional libraries of this installation can do. Importable by the web process: it loads none of them.

Looked for once: to walk through the folders of packages takes as long as all else that is planned for a rendition.
"""

from __future__ import annotations

import functools
import importlib.util


@functools.cache
def reads_jxl() -> bool:
    """Whether JPEG XL is read: the extra `jxl` is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


@functools.cache
def sees() -> bool:
    """Whether faces are found and foregrounds cut out: the extra `vision` is installed."""
    return importlib.util.find_spec("cv2") is not None
