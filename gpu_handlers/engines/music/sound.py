"""What music is made of: samples for two loudspeakers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Stereo = NDArray[np.float32]
"""2×n samples at `RATE_HZ`, left above right, −1 … 1."""
