"""Everything on the host: the `portvakt` command, the installer, the cloud end, benchmarks."""

import sim.mcu  # noqa: F401  the board's modules, which firmware files import, must be there before any of them
