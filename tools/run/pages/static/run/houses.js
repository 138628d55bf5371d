// The houses: one a controller, with its doors, readers, switches and counters.

import { buildLocks, buildStand, drawStand } from "./bank.js";
import { say, words } from "./words.js";

const MOST_PIPS = 60;
const MOST_PACKETS = 4; // dots in the air at once: a drain of hundreds must not stop the page
const KINDS = { granted: { look: "good", icon: "check" }, denied: { look: "bad", icon: "cross" } };
const icons = document.getElementById("building").dataset.icons;
const made = { shape: "", houses: new Map(), doors: new Map() };

export const doorPlace = (id) => made.doors.get(id);

const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

function build(state, acts) {
  const place = document.getElementById("houses");
  place.replaceChildren();
  made.houses.clear();
  made.doors.clear();
  for (const controller of state.controllers) {
    const house = copy("house-template");
    house.querySelector(".house-name").textContent = controller.name;
    for (const button of house.querySelectorAll("[data-switch]")) {
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-checked") !== "true";
        acts.send("controller", { controller: controller.id, [button.dataset.switch]: on });
      });
    }
    for (const door of controller.doors) house.querySelector(".facade").append(buildDoor(door, house, acts));
    buildPractice(controller, house, acts);
    made.houses.set(controller.id, house);
    place.append(house);
    if (controller.bank) place.append(buildStand(controller, acts));
  }
}

// What goes wrong at a house: its inputs as switches, its leaves opened and left open, keys typed.
function buildPractice(controller, house, acts) {
  const place = house.querySelector(".alarms");
  for (const input of controller.inputs) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "act input-act";
    button.dataset.input = input.number;
    button.textContent = input.name;
    button.addEventListener("click", () => acts.send("input", { controller: controller.id, input: input.number, on: button.getAttribute("aria-pressed") !== "true" }));
    place.append(button);
  }
  for (const door of controller.doors) {
    const row = copy("practice-template");
    const typing = row.querySelector("form");
    const keys = typing.querySelector("input");
    row.querySelector(".at-name").textContent = door.name;
    row.setAttribute("aria-label", door.name);
    keys.setAttribute("aria-label", say("keysAt", { door: door.name }));
    keys.placeholder = "1234#";
    const leaf = row.querySelector(".leaf-act");
    leaf.addEventListener("click", () => acts.send("leaf", { door: door.id, open: leaf.dataset.open !== "true" }));
    typing.addEventListener("submit", (event) => {
      event.preventDefault();
      acts.send("keys", { door: door.id, keys: keys.value });
      keys.value = "";
    });
    place.append(row);
    made.doors.get(door.id).leaf = leaf;
  }
  if (controller.bank) place.append(buildLocks(controller, acts));
}

function buildDoor(door, house, acts) {
  const doorway = copy("door-template");
  const reader = doorway.querySelector(".reader");
  const rex = doorway.querySelector(".rex");
  const caption = copy("caption-template");
  doorway.querySelector(".sign").textContent = door.name;
  reader.dataset.door = door.id;
  reader.dataset.name = door.name;
  reader.addEventListener("click", () => acts.tap(door.id));
  rex.setAttribute("aria-label", say("rex", { door: door.name }));
  rex.title = say("rex", { door: door.name });
  rex.addEventListener("click", () => acts.send("rex", { door: door.id }));
  house.querySelector(".captions").append(caption);
  made.doors.set(door.id, { doorway, reader, caption, house });
  return doorway;
}

export function drawHouses(state, last, acts) {
  const shape = JSON.stringify(state.controllers.map((c) => [c.id, c.name, c.doors.map((d) => [d.id, d.name]), c.inputs.map((i) => i.name), c.bank?.columns]));
  if (shape !== made.shape) {
    build(state, acts);
    made.shape = shape;
  }
  for (const controller of state.controllers) {
    const before = last && last.controllers.find((c) => c.id === controller.id);
    drawController(controller, before, made.houses.get(controller.id));
    if (controller.bank) drawStand(controller);
    for (const door of controller.doors) drawDoor(door, controller, before && before.doors.find((d) => d.id === door.id));
  }
}

function drawController(controller, before, house) {
  const running = controller.power && controller.alive;
  house.classList.toggle("cut", !controller.network);
  house.classList.toggle("dark", !controller.power);
  house.classList.toggle("starting", controller.power && !controller.alive);
  const word = !controller.power ? "dark" : !running ? "starting" : controller.network ? "online" : "offline";
  house.querySelector(".state-words").textContent = words[word];
  for (const button of house.querySelectorAll("[data-switch]")) button.setAttribute("aria-checked", String(controller[button.dataset.switch]));
  for (const cell of house.querySelectorAll("[data-count]")) cell.textContent = controller[cell.dataset.count].toLocaleString(document.documentElement.lang);
  for (const input of controller.inputs) house.querySelector(`[data-input="${input.number}"]`).setAttribute("aria-pressed", String(input.on));
  house.querySelector(".unsent").classList.toggle("some", controller.waiting > 0);
  drawPips(house.querySelector(".pips"), controller.waiting);
  if (before && controller.stored > before.stored) sendUp(house, controller.stored - before.stored);
}

function drawPips(pips, count) {
  const wanted = Math.min(count, MOST_PIPS);
  while (pips.childElementCount > wanted) pips.lastElementChild.remove();
  while (pips.childElementCount < wanted) pips.append(document.createElement("i"));
}

function sendUp(house, count) {
  const air = house.querySelector(".packets");
  const room = Math.min(count, MOST_PACKETS - air.childElementCount);
  for (let i = 0; i < room; i++) {
    const packet = document.createElement("span");
    packet.className = "packet";
    packet.style.animationDelay = `${i * 110}ms`;
    packet.addEventListener("animationend", () => packet.remove());
    air.append(packet);
    setTimeout(() => packet.remove(), 2000); // when motion is reduced, animationend may never come
  }
}

function drawDoor(door, controller, before) {
  const { doorway, reader, caption, leaf } = made.doors.get(door.id);
  doorway.classList.toggle("released", door.strike);
  doorway.classList.toggle("ajar", door.open);
  reader.dataset.light = door.light;
  const doing = [door.open ? words.open : words.closed];
  if (door.strike) doing.push(words.released);
  if (door.lock) doing.push(door.lock.text);
  doorway.classList.toggle("locked-down", door.lock?.icon === "lock");
  leaf.dataset.open = String(door.open);
  leaf.textContent = door.open ? words.shut : door.strike ? words.leave : words.force;
  drawLock(door.lock, caption);
  doorway.querySelector(".frame").setAttribute("role", "img");
  doorway.querySelector(".frame").setAttribute("aria-label", `${door.name}: ${doing.join(", ")}`);
  drawVerdict(door.last, caption, before && JSON.stringify(before.last) !== JSON.stringify(door.last));
}

// Why the door stands other than usual: held, by schedule, lockdown, ...
function drawLock(lock, caption) {
  const place = caption.querySelector(".lock-now");
  place.hidden = !lock;
  if (!lock) return;
  place.className = `lock-now ${lock.look}`;
  place.querySelector("use").setAttribute("href", `${icons}#${lock.icon}`);
  place.lastElementChild.textContent = lock.text;
  place.title = lock.detail;
}

// A tap is granted, denied, or got no answer (a reader without power): then its reason is all there is to say.
function drawVerdict(last, caption, fresh) {
  const verdict = caption.querySelector(".verdict");
  const kind = last ? KINDS[last.verdict] : undefined;
  verdict.className = kind ? `verdict ${kind.look}` : "verdict";
  if (kind) verdict.querySelector("use").setAttribute("href", `${icons}#${kind.icon}`);
  caption.querySelector(".verdict-words").textContent = last ? last.why || words[last.verdict] : words.quiet;
  const timed = last && last.ms !== null && last.ms !== undefined;
  const parts = last ? [last.person, timed && say("after", { ms: Math.round(last.ms) }).replaceAll(" ", "\u00a0")] : [];
  caption.querySelector(".detail").textContent = parts.filter(Boolean).join(" · ");
  if (!fresh) return;
  caption.classList.remove("new");
  void caption.offsetWidth; // restarts the animation
  caption.classList.add("new");
}
