// Runs a script on MicroPython's WebAssembly port, step by step: node run.mjs PACKAGE HEAP FOLDER SCRIPT ARGUMENT...
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, heap, folder, script, ...given] = process.argv.slice(2);
const HERE = import.meta.dirname;
const ROOT = "/board";

function copy(FS, from, to) {
    FS.mkdir(to);
    for (const entry of readdirSync(from, { withFileTypes: true })) {
        const [source, target] = [join(from, entry.name), `${to}/${entry.name}`];
        if (entry.isDirectory()) copy(FS, source, target);
        else FS.writeFile(target, readFileSync(source));
    }
}

// Bytes cross over as hex: neither side takes the other's as they are.
function block(cipher, data) {
    cipher.setAutoPadding(false);
    return Buffer.concat([cipher.update(Buffer.from(data, "hex")), cipher.final()]).toString("hex");
}

const name = (key) => `aes-${key.length * 4}-ecb`;
const host = {
    encrypt: (key, data) => block(createCipheriv(name(key), Buffer.from(key, "hex"), null), data),
    decrypt: (key, data) => block(createDecipheriv(name(key), Buffer.from(key, "hex"), null), data),
    random: (count) => randomBytes(count).toString("hex"),
};

// The port is built with assertions: before each call through its table it asks the table whether its own copy of the
// entry still holds, which was nearly a third of all time. No entry changes once the module is loaded.
const entry = WebAssembly.Table.prototype.get;
const entries = [];
WebAssembly.Table.prototype.get = function (index) {
    return (entries[index] ??= entry.call(this, index));
};

const { loadMicroPython } = await import(pathToFileURL(resolve(packageFolder, "micropython.mjs")).href);
const mp = await loadMicroPython({ heapsize: Number(heap), stdout: (line) => console.log(line), linebuffer: true });
copy(mp.FS, folder, ROOT);
mp.registerJsModule("_host", host);
mp.globals.set("ROOT", ROOT);
mp.globals.set("given", JSON.stringify(given));
try {
    mp.runPython(readFileSync(join(HERE, "lacks.py"), "utf8"));
    mp.runPython(readFileSync(join(folder, script), "utf8"));
    do mp.runPython("import gc\nmore = step()\ngc.collect()");
    while (mp.globals.get("more"));
    process.exitCode = mp.globals.get("code");
} catch (error) {
    console.log(error.message);
    process.exitCode = 3;
}
