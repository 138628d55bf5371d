"""Runs the controller. What goes wrong is printed, and the board starts again: boot.py makes the strikes safe first."""

import gc
import os
import sys

import machine

# Bytes between two collections, while the code is loaded and afterwards. A heap that is only tidied when it is full
# is all small holes by then: `portvakt bench taps` tells the longest free piece.
LOADING, RUNNING = 4096, 32768


def run():
    try:
        gc.threshold(LOADING)
        from controller.app import main

        gc.threshold(RUNNING)
        main()
    except Exception as error:
        sys.print_exception(error)
    machine.reset()


if "maintenance" in os.listdir("/"):
    print("maintenance: the controller is not started; remove /maintenance and restart the board")
else:
    run()
