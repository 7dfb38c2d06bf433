"""Loops that numba compiles to machine code; they run without holding the interpreter lock."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int32]
Numbers = NDArray[np.int64]
Loop = TypeVar("Loop", bound=Callable[..., Any])


def compile_loop(loop: Loop, **more: Any) -> Loop:
    """The loop as machine code, cached beside its module or in the user's cache if possible.

    ``more`` are further options of numba's ``njit``.
    """
    options = {"nogil": True, **more}
    try:
        done: Loop = njit(cache=True, **options)(loop)
    except RuntimeError:  # numba found no folder that it may write to
        done = njit(**options)(loop)
    return done


compile_inline = partial(compile_loop, inline="always")
compile_fastmath = partial(compile_loop, fastmath=True)  # sums may be taken in any order
