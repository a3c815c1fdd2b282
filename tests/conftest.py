"""What every test shares: the folder of compiled loops that the product uses too."""

from __future__ import annotations

from sizao.core.kernel_cache import use_kernel_cache

use_kernel_cache()
