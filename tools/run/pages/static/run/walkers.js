// The people on the pavement: they come to a reader, tap, and go in or turn away.

import { dress } from "./cards.js";
import { doorPlace } from "./houses.js";

const GONE_MS = 1100;
const TAP_MS = 1000;
const here = new Map(); // person id -> {element, door, timers}

export function drawWalkers(state, last) {
  const doors = new Map(state.controllers.flatMap((c) => c.doors).map((door) => [door.id, door]));
  for (const person of state.people) {
    const was = here.get(person.id);
    const at = person.at ?? null;
    if (was && was.door !== at) leave(person.id, was, doors.get(was.door));
    if (at !== null && (!was || was.door !== at)) arrive(person, at);
    const now = here.get(person.id);
    if (now && person.action === "tap") tapping(now);
    if (now && freshVerdict(now.door, person, doors, last) === "denied") refused(now);
  }
}

function freshVerdict(id, person, doors, last) {
  const verdict = doors.get(id)?.last;
  const before = last?.controllers.flatMap((c) => c.doors).find((door) => door.id === id)?.last;
  const fresh = verdict && JSON.stringify(verdict) !== JSON.stringify(before);
  return fresh && verdict.person === person.name ? verdict.verdict : null;
}

// Where things stand on the pavement, in pixels from the façade's left edge.
function places(id) {
  const { doorway, reader, house } = doorPlace(id);
  const facade = house.querySelector(".facade");
  const left = facade.getBoundingClientRect().left;
  const middle = (element) => {
    const box = element.getBoundingClientRect();
    return box.left + box.width / 2 - left;
  };
  const width = facade.clientWidth;
  const doorX = middle(doorway.querySelector(".frame"));
  const readerX = middle(reader);
  return { facade, doorX, readerX: Math.min(readerX + 30, width - 8), edge: doorX < width / 2 ? -24 : width + 24 };
}

function arrive(person, id) {
  const { facade, readerX, edge } = places(id);
  const element = document.getElementById("figure-template").content.firstElementChild.cloneNode(true);
  dress(element, person.id);
  element.querySelector(".walker-name").textContent = person.name.split(/[ ,]/)[0];
  facade.append(element);
  const crowd = [...here.values()].filter((other) => other.door === id).length;
  const walker = { element, door: id, timers: [] };
  here.set(person.id, walker);
  element.style.translate = `${edge}px 0`;
  void element.offsetWidth;
  element.classList.add("here", "going", "to-left");
  element.style.translate = `${readerX - crowd * 18}px 0`;
  walker.timers.push(setTimeout(() => element.classList.remove("going"), 900));
}

function tapping(walker) {
  if (walker.tapped) return;
  walker.tapped = true;
  walker.element.classList.add("tapping");
  walker.timers.push(setTimeout(() => walker.element.classList.remove("tapping"), TAP_MS));
}

function refused(walker) {
  walker.element.classList.add("refused");
  walker.timers.push(setTimeout(() => walker.element.classList.remove("refused"), 600));
}

function leave(id, walker, door) {
  here.delete(id);
  for (const timer of walker.timers) clearTimeout(timer);
  const { doorX, edge } = places(walker.door);
  const goesIn = door && (door.open || door.strike);
  walker.element.classList.remove("tapping", "refused");
  walker.element.classList.add("going", goesIn ? "inward" : "outward");
  walker.element.classList.toggle("here", !goesIn);
  walker.element.style.translate = `${goesIn ? doorX : edge}px ${goesIn ? "-10px" : "0"}`;
  setTimeout(() => walker.element.classList.remove("here"), GONE_MS - 350);
  setTimeout(() => walker.element.remove(), GONE_MS);
}
