// The building page: takes the state from the server, hands it to the drawing, sends what the visitor does.

import { say, words } from "./words.js";
import { drawHouses } from "./houses.js";
import { drawCards } from "./cards.js";
import { drawWalkers } from "./walkers.js";

const root = document.getElementById("building");
const url = root.dataset.url;
const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
const announce = document.getElementById("announce");
const RETRY_MS = 2000;

let last = null;

async function send(what, fields) {
  try {
    const answer = await fetch(url + what, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(fields),
    });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    announce.textContent = words.failed;
    showLink("bad", words.failed);
  }
}

function showLink(kind, text) {
  const badge = document.getElementById("link-state");
  badge.className = "badge " + kind;
  badge.querySelector("use").setAttribute("href", `${root.dataset.icons}#${kind === "good" ? "linked" : "unlinked"}`);
  badge.querySelector("span").textContent = text;
}

function drawFigures(state) {
  const waiting = state.controllers.reduce((sum, controller) => sum + controller.waiting, 0);
  const figures = { ...state.figures, waiting };
  for (const cell of document.querySelectorAll("[data-figure]")) {
    const value = figures[cell.dataset.figure];
    cell.textContent = value === null || value === undefined ? "–" : Math.round(value).toLocaleString(document.documentElement.lang);
    cell.closest("div").classList.toggle("some", value > 0);
  }
  document.getElementById("to-lockers").hidden = !state.controllers.some((controller) => controller.bank);
  const interpreter = document.getElementById("interpreter");
  interpreter.hidden = !state.interpreter;
  interpreter.lastElementChild.textContent = state.interpreter || "";
}

// The ticker's newest line is first. Lines have no identity: what was first before tells how many are new.
function drawTicker(lines, before) {
  const list = document.getElementById("ticker");
  document.getElementById("ticker-empty").hidden = lines.length > 0;
  const key = (line) => line.t + line.text;
  const known = new Set((before || []).map(key));
  list.replaceChildren(...lines.map((line) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    const text = document.createElement("span");
    time.textContent = line.t;
    text.textContent = line.text;
    if (line.kind) item.className = line.kind;
    if (before && !known.has(key(line))) item.classList.add("fresh");
    item.append(time, text);
    return item;
  }));
}

function draw(state) {
  drawFigures(state);
  drawHouses(state, last, { send, tap: cards.tap });
  cards.draw(state);
  drawWalkers(state, last);
  if (!last || JSON.stringify(last.ticker) !== JSON.stringify(state.ticker)) drawTicker(state.ticker, last && last.ticker);
  announceVerdicts(state);
  const walking = document.getElementById("walking");
  walking.setAttribute("aria-checked", String(state.walking));
  last = state;
}

// Only the visitor's own taps are read out: a screen reader would otherwise never fall silent.
function announceVerdicts(state) {
  for (const controller of state.controllers) {
    for (const door of controller.doors) {
      if (!cards.asked.has(door.id) || !door.last || sameVerdict(door)) continue;
      cards.asked.delete(door.id);
      const verdict = (door.last.why || words[door.last.verdict]).toLowerCase();
      announce.textContent = say("said", { door: door.name, name: door.last.person, verdict });
    }
  }
}

function sameVerdict(door) {
  const old = last && last.controllers.flatMap((c) => c.doors).find((d) => d.id === door.id);
  return old && JSON.stringify(old.last) === JSON.stringify(door.last);
}

function follow() {
  const stream = new EventSource(url + "stream");
  stream.onopen = () => showLink("good", words.live);
  stream.onmessage = (message) => draw(JSON.parse(message.data));
  stream.onerror = () => {
    showLink("bad", words.away);
    if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(follow, RETRY_MS);
  };
}

const cards = drawCards({ send, announce });
document.getElementById("walking").addEventListener("click", (event) => {
  send("walking", { on: event.currentTarget.getAttribute("aria-checked") !== "true" });
});

fetch(url + "state").then((answer) => (answer.ok ? answer.json() : null)).then((state) => state && draw(state)).catch(() => showLink("bad", words.away)).finally(follow);
