#!/usr/bin/env bash
# MicroPython: its WebAssembly port is published with assertions, and asks its function table eleven times a turn.
#
# Emscripten keeps a copy of the table's entries, so that WebAssembly.Table.get is needed once an entry. The module on
# npm compares that copy with the table before each call that may raise. A list of one's own in place of get() gives the
# same result.
#
# Seen 2026-11-30 with @micropython/micropython-webassembly-pyscript 1.29.0-6, Node.js 20:
#   10000 turns: the table was asked 110025 times; result 10000
# Ends with 0 while it is so, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock @micropython/micropython-webassembly-pyscript@1.29.0-6
cat > count.mjs <<'JS'
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const TURNS = 10000;
const LOOP = `
def turn(n):
    try:
        return n + 1
    except ValueError:
        return 0

n = 0
for _ in range(${TURNS}):
    n = turn(n)
`;
const get = WebAssembly.Table.prototype.get;
let asked = 0;
WebAssembly.Table.prototype.get = function (index) {
    asked++;
    return get.call(this, index);
};
const micropython = await loadMicroPython();
const before = asked;
micropython.runPython(LOOP);
const during = asked - before;
const entries = [];
WebAssembly.Table.prototype.get = function (index) {
    return (entries[index] ??= get.call(this, index));
};
micropython.runPython(LOOP);
console.log(`${TURNS} turns: the table was asked ${during} times; result ${micropython.globals.get("n")}`);
process.exitCode = during >= TURNS && micropython.globals.get("n") === TURNS ? 0 : 1;
JS
node count.mjs
