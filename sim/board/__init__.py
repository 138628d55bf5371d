"""The virtual board: the firmware on a real MicroPython in real time, flash in files, a serial line."""
