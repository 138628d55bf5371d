"""Runs the controller. What goes wrong is printed, and the board starts again: boot.py makes the strikes safe first."""

import os
import sys

import machine


def run():
    try:
        from controller.app import main

        main()
    except Exception as error:
        sys.print_exception(error)
    machine.reset()


if "maintenance" in os.listdir("/"):
    print("maintenance: the controller is not started; remove /maintenance and restart the board")
else:
    run()
