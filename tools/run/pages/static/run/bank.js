// A bank of lockers: its compartments, a keypad to press, and the phones of who brings a parcel and who waits for it.

import { say, words } from "./words.js";

const PAD = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const SIZES = "SMLX"; // at the keypad: 1 the smallest
const MOST_KEYS = 20; // in one request
const KEY_MS = 150; // from one key to the next, as the building types
const ECHO_MS = 2500;
const PARCEL = { full: "parcel", fault: "cross" };
const ICONS = { ...PARCEL, open: "door-open" };
const icons = document.getElementById("building").dataset.icons;
const stands = new Map(); // controller's id -> what drawing needs

const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

function iconOf(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `${icons}#${name}`);
  return svg;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "act";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

export function buildStand(controller, acts) {
  const stand = copy("stand-template");
  const made = { stand, boxes: new Map(), controller, asked: false, chosen: null, newest: null, drawn: {}, acts };
  made.type = typist(controller.id, acts, made);
  stand.querySelector("h2").textContent = say("lockersAt", { name: controller.name });
  stand.querySelector(".stand-head p").textContent = say("howTo", { name: controller.name });
  stand.querySelector(".cabinet-sign span").textContent = controller.name;
  for (const column of controller.bank.columns) {
    const pad = column[0] === 0;
    stand.querySelector(".columns").append(pad ? buildPad(controller.bank, made) : buildColumn(column, controller, made));
  }
  stand.querySelector(".new-parcel").addEventListener("click", () => acts.send("delivery", { controller: controller.id }));
  stands.set(controller.id, made);
  return stand;
}

function buildColumn(column, controller, made) {
  const list = document.createElement("ol");
  list.className = "column";
  for (const number of column) {
    const box = document.createElement("li");
    const face = document.createElement("button");
    const label = document.createElement("span");
    face.type = "button";
    face.className = "face";
    label.className = "box-number";
    label.textContent = number;
    face.append(label, iconOf("parcel"));
    face.addEventListener("click", () => shut(number, made));
    box.append(face);
    list.append(box);
    made.boxes.set(number, { box, face, size: controller.bank.sizes[number - 1] });
  }
  return list;
}

function shut(number, made) {
  made.asked = true;
  made.acts.send("bank-shut", { controller: made.controller.id, compartment: number });
}

function buildPad(bank, made) {
  const pad = copy("pad-template");
  const keys = pad.querySelector(".pad-keys");
  for (const key of PAD) {
    const one = button(key, () => made.type(key));
    one.dataset.key = key;
    one.className = "key";
    keys.append(one);
  }
  pad.addEventListener("keydown", (event) => {
    if (!PAD.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    made.type(event.key);
  });
  pad.querySelector(".last").before(...sizesOf(bank).map(([n, size]) => {
    const line = document.createElement("span");
    line.textContent = `${n} ${words["size" + size]}`;
    return line;
  }));
  return pad;
}

// What goes wrong at a compartment, on purpose.
export function buildLocks(controller, acts) {
  const form = copy("locks-template");
  const number = form.querySelector("input");
  number.max = controller.bank.sizes.length;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    acts.send("bank-lock", { controller: controller.id, compartment: Number(number.value), do: event.submitter.value });
  });
  return form;
}

const sizesOf = (bank) => [...SIZES].map((size, n) => [n + 1, size]).filter(([, size]) => bank.sizes.includes(size));

// Keys reach the building in their order: what is pressed while some are on their way goes together, after them.
function typist(id, acts, made) {
  let waiting = "";
  let sending = false;
  async function send() {
    sending = true;
    while (waiting) {
      const now = waiting.slice(0, MOST_KEYS);
      waiting = waiting.slice(now.length);
      await acts.send("bank-keys", { controller: id, keys: now });
    }
    sending = false;
  }
  return (keys) => {
    made.asked = true;
    waiting += keys;
    echo(keys, made);
    if (!sending) send();
  };
}

// What is pressed shows on the page as it is typed; the bank itself only has a light and a sound.
function echo(keys, made) {
  const screen = made.stand.querySelector(".screen");
  clearTimeout(made.echo);
  [...keys].forEach((key, n) => setTimeout(() => {
    const down = made.stand.querySelector(`[data-key="${key}"]`);
    screen.textContent = (screen.textContent.endsWith("#") ? "" : screen.textContent).slice(-12) + key;
    down.classList.add("down");
    setTimeout(() => down.classList.remove("down"), KEY_MS * 0.8);
  }, n * KEY_MS));
  made.echo = setTimeout(() => { screen.textContent = ""; }, keys.length * KEY_MS + ECHO_MS);
}

export function drawStand(controller) {
  const made = stands.get(controller.id);
  const bank = controller.bank;
  made.controller = controller;
  made.stand.classList.toggle("unpowered", !controller.power);
  made.stand.classList.toggle("lit", bank.lit);
  const counts = { free: 0, full: 0, open: 0, fault: 0 };
  for (const [number, place] of made.boxes) {
    const does = bank.open[number];
    const full = bank.full.includes(number);
    const state = does ? "open" : bank.fault.includes(number) ? "fault" : full ? "full" : "free";
    counts[state]++;
    drawBox(number, place, state, full, does);
  }
  changed(made, "legend", counts, () => drawLegend(made, counts));
  changed(made, "open", bank.open, () => drawLeaves(made, bank.open));
  if (changed(made, "said", bank.said, () => drawSaid(made, bank.said)) && made.asked && bank.said) {
    document.getElementById("announce").textContent = sentence(bank.said);
  }
  if (bank.parcels.length && bank.parcels[0].id !== made.newest) made.chosen = made.newest = bank.parcels[0].id;
  changed(made, "parcels", [bank.parcels, made.chosen], () => drawPhones(made, bank));
}

// Draws what is not as it was; a button that has the focus stays.
function changed(made, part, now, draw) {
  const text = JSON.stringify(now);
  if (made.drawn[part] === text) return false;
  made.drawn[part] = text;
  draw();
  return true;
}

function drawBox(number, { box, face, size }, state, full, does) {
  const text = does ? say(does + "At", { n: number }) : say("compartment", { n: number, size: words["size" + size], state: words[state + "Box"] });
  if (face.getAttribute("aria-label") === text && box.dataset.full === String(full)) return;
  box.className = `box ${size} ${state === "full" ? "taken" : state}`;
  box.dataset.full = String(full);
  face.disabled = !does;
  face.setAttribute("aria-label", text);
  face.title = text;
  const icon = face.querySelector(".icon");
  const shown = full ? "parcel" : ICONS[state];
  icon.classList.toggle("none", !shown);
  if (shown) icon.firstChild.setAttribute("href", `${icons}#${shown}`);
}

function drawLegend(made, counts) {
  const list = made.stand.querySelector(".legend");
  list.replaceChildren(...Object.entries(counts).filter(([state, n]) => n || state === "free" || state === "full").map(([state, n]) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    const count = document.createElement("span");
    swatch.className = `swatch ${state === "full" ? "taken" : state}`;
    swatch.setAttribute("aria-hidden", "true");
    if (ICONS[state]) swatch.append(iconOf(ICONS[state]));
    count.className = "quiet";
    count.textContent = n;
    item.append(swatch, words[state + "Box"] + " ", count);
    return item;
  }));
}

// The same as pressing the leaf, large: what an open compartment waits for.
function drawLeaves(made, open) {
  made.stand.querySelector(".leaves").replaceChildren(...Object.entries(open).map(([number, does]) => {
    const one = button(say(does + "Shut", { n: number }), () => shut(Number(number), made));
    one.classList.add("shut-leaf");
    one.dataset.compartment = number;
    return one;
  }));
}

const sentence = (said) => (said.compartment ? say("boxSaid", { n: said.compartment, text: said.text }) : said.text);

function drawSaid(made, said) {
  const verdict = made.stand.querySelector(".at-bank .verdict");
  verdict.className = `verdict ${said ? (said.bad ? "bad" : "good") : "none"}`;
  if (said) verdict.querySelector("use").setAttribute("href", `${icons}#${said.bad ? "cross" : "check"}`);
  verdict.querySelector(".verdict-words").textContent = said ? sentence(said) : words.bankQuiet;
}

function drawPhones(made, bank) {
  const phones = made.stand.querySelector(".phones");
  const parcel = bank.parcels.find((one) => one.id === made.chosen) ?? bank.parcels[0];
  phones.classList.toggle("empty", !parcel);
  drawPicks(made, bank, parcel);
  if (!parcel) return;
  const plain = (code) => code.replaceAll(" ", "");
  const courier = phones.querySelector(".courier");
  const recipient = phones.querySelector(".recipient");
  courier.querySelector(".for-whom").textContent = say("parcelFor", { name: parcel.name, unit: parcel.unit });
  recipient.querySelector("h3 span").textContent = say("phoneOf", { name: parcel.name });
  recipient.querySelector(".for-whom").textContent = parcel.step ? say("waitsIn", { n: parcel.compartment }) : words.onItsWay;
  drawPhone(courier, parcel.deposit, parcel.step > 0, say("liesIn", { n: parcel.compartment }), sizesOf(bank).map(([n, size]) => [words["size" + size], () => made.type(`${plain(parcel.deposit)}#${n}#`)]));
  drawPhone(recipient, parcel.pickUp, parcel.step > 1, words.takenOut, parcel.step === 1 ? [[words.typeIt, () => made.type(`${plain(parcel.pickUp)}#`)]] : []);
  const cells = phones.querySelectorAll(".proofs tbody td");
  [parcel.step > 0, parcel.inCloud > 0, parcel.step > 1, parcel.inCloud > 1].forEach((there, n) => drawProof(cells[n], there));
  phones.querySelector(".proof-link").href = `/deliveries/${parcel.id}/`;
}

function drawPhone(phone, code, over, said, acts) {
  const done = phone.querySelector(".done");
  const place = phone.querySelector(".acts");
  const how = phone.querySelector(".how");
  phone.querySelector(".code").textContent = code;
  phone.classList.toggle("over", over);
  done.hidden = !over;
  done.querySelector("span").textContent = said;
  place.hidden = over || !acts.length || !code;
  if (how) how.hidden = place.hidden;
  place.replaceChildren(...acts.map(([text, act]) => button(text, act)));
}

function drawProof(cell, there) {
  const text = document.createElement("span");
  text.className = "unseen";
  text.textContent = there ? words.proven : words.notYet;
  cell.className = there ? "there" : "missing";
  cell.replaceChildren(iconOf(there ? "check" : "clock"), text);
}

function drawPicks(made, bank, parcel) {
  const picks = made.stand.querySelector(".picks");
  picks.hidden = bank.parcels.length < 2;
  const focused = picks.contains(document.activeElement) ? document.activeElement.dataset.parcel : null;
  picks.replaceChildren(...bank.parcels.map((one) => {
    const pick = button(one.name.split(/[ ,]/)[0], () => {
      made.chosen = one.id;
      drawStand(made.controller);
    });
    pick.dataset.parcel = one.id;
    pick.setAttribute("aria-pressed", String(one === parcel));
    return pick;
  }));
  if (focused) picks.querySelector(`[data-parcel="${focused}"]`)?.focus();
}
