#!/usr/bin/env bash
# pymodbus and minimalmodbus: one answer that comes late shifts every later reading by one, and pymodbus writes twice.
#
# A device on a pseudo-terminal answers in order, each within 10 ms, but for one answer after 450 ms of a timeout of
# 300 ms. Of its eight contacts the fourth (number 3) is open. An answer of Modbus RTU does not say what was read, so the
# late one is taken for the next, that for the one after, and so on without an error: number 4 is read as open. With its
# own retries pymodbus sends a write again whose answer is late: a relay that is pulsed is pulsed twice, for one call.
#
# Seen 2026-11-29 with pymodbus 3.16.1, minimalmodbus 2.1.1, pyserial 3.5, defaults but for the timeout:
#   pymodbus: contacts read as open: [4]; one call of write_coil, and the device was written to 2 times
#   minimalmodbus: contacts read as open: [4]
# Ends with 0 while it is so, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install "pymodbus==3.16.1" "minimalmodbus==2.1.1" "pyserial==3.5"
cat > "$folder/late.py" <<'PY'
import logging
import os
import pty
import sys
import threading
import time
import tty

import minimalmodbus
from pymodbus.client import ModbusSerialClient

logging.disable(logging.CRITICAL)
TIMEOUT, LATE = 0.3, 0.45


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


class Device(threading.Thread):
    """Unit 1: contact 3 is open. Its first answer is late; it answers in order."""

    def __init__(self):
        super().__init__(daemon=True)
        self.line, self.other = pty.openpty()
        tty.setraw(self.line)
        tty.setraw(self.other)
        self.port = os.ttyname(self.other)
        self.takes = LATE
        self.writes = 0
        self.start()

    def run(self):
        got = b""
        while True:
            got += os.read(self.line, 256)
            while len(got) >= 8:
                frame, got = got[:8], got[8:]
                answer = frame
                if frame[1] == 2:
                    body = bytes((1, 2, 1, int(frame[2] << 8 | frame[3] == 3)))
                    answer = body + crc(body)
                else:
                    self.writes += 1
                time.sleep(self.takes)
                self.takes = 0.01
                os.write(self.line, answer)


def opened(read):
    """The contacts that a library reads as open, one after the other."""
    found = []
    for number in range(8):
        try:
            if read(number):
                found.append(number)
        except minimalmodbus.NoResponseError:
            pass
    return found


def client():
    device = Device()
    made = ModbusSerialClient(device.port, baudrate=9600, timeout=TIMEOUT)
    made.connect()
    return device, made


_, made = client()
first = opened(lambda number: made.read_discrete_inputs(number, count=1, device_id=1).bits[0])
device, made = client()
made.write_coil(0, True, device_id=1)
time.sleep(1)
print("pymodbus: contacts read as open:", str(first) + "; one call of write_coil, and the device was written to", device.writes, "times")
instrument = minimalmodbus.Instrument(Device().port, 1)
instrument.serial.baudrate = 9600
instrument.serial.timeout = TIMEOUT
second = opened(lambda number: instrument.read_bit(number, 2))
print("minimalmodbus: contacts read as open:", second)
sys.exit(0 if first == second == [4] and device.writes == 2 else 1)
PY
"$folder/venv/bin/python" "$folder/late.py"
