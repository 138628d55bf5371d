// The cards people hold: chosen by a press or a key, dragged with mouse or finger, tapped on a reader.

import { fill, say, words } from "./words.js";

const COATS = ["#2f6f7a", "#a8503d", "#6b5b95", "#3f7d4f", "#b98024", "#39568c", "#8c3d63", "#4a6670", "#7a6a2f", "#556b2f", "#33383d"];
const HATS = ["#c94f3d", "#2c4a5a", "#d9a441", "#ece5d3", "#3d6b57", "#b5473c", "#27343b", "#8a2f3b", "#3b6ea5", "#c7c2b4", "#8d9499"];
const SKINS = ["#eac3a2", "#f0cfb4", "#b98058", "#e3b48d", "#f2d3bb", "#d9a87f"];
const DRAG_FROM_PX = 9; // less is a shaky press
const EDGE_PX = 64;
const LINGER_MS = 280;

export function dress(element, id) {
  element.style.setProperty("--coat", COATS[id % COATS.length]);
  element.style.setProperty("--hat", HATS[id % HATS.length]);
  element.style.setProperty("--skin", SKINS[id % SKINS.length]);
}

export function drawCards({ send, announce }) {
  const list = document.getElementById("tokens");
  const hint = document.getElementById("hint");
  const asked = new Set(); // doors the visitor tapped at, whose verdict is to be read out
  let people = [];
  let chosen = null;
  let shape = "";
  let dragEnded = 0;

  function tapAt(person, door) {
    asked.add(door);
    send("tap", { person, door });
  }

  function choose(id) {
    chosen = id;
    const person = people.find((p) => p.id === id);
    document.body.classList.toggle("choosing", Boolean(person));
    for (const token of list.querySelectorAll(".token")) token.setAttribute("aria-pressed", String(Number(token.dataset.person) === id));
    hint.textContent = person ? fill(hint.dataset.chosen, { name: person.name }) : hint.dataset.idle;
    if (person) announce.textContent = hint.textContent;
    nameReaders(person);
  }

  function nameReaders(person) {
    for (const reader of document.querySelectorAll(".reader")) {
      const door = reader.dataset.name;
      reader.setAttribute("aria-label", person ? say("readerWith", { name: person.name, door }) : say("reader", { door }));
    }
  }

  function tap(door) {
    if (chosen === null) {
      announce.textContent = words.chooseFirst;
      hint.textContent = words.chooseFirst;
      list.querySelector(".token")?.focus({ preventScroll: false });
      return;
    }
    tapAt(chosen, door);
  }

  function draw(state) {
    people = state.people;
    const now = JSON.stringify(people.map((p) => [p.id, p.name, p.card]));
    if (now !== shape) {
      shape = now;
      list.replaceChildren(...people.map(makeToken));
      choose(people.some((p) => p.id === chosen) ? chosen : null);
    }
    for (const person of people) {
      const token = list.querySelector(`[data-person="${person.id}"]`);
      token.dataset.out = String(person.at !== null && person.at !== undefined);
    }
    if (!document.querySelector(".reader")?.hasAttribute("aria-label")) nameReaders(people.find((p) => p.id === chosen));
  }

  function makeToken(person) {
    const item = document.getElementById("token-template").content.firstElementChild.cloneNode(true);
    const token = item.querySelector(".token");
    token.dataset.person = person.id;
    token.querySelector(".token-name").textContent = person.name;
    token.querySelector(".token-card").textContent = person.card;
    token.title = `${person.name}, ${person.card}`;
    dress(token, person.id);
    token.addEventListener("click", () => {
      if (performance.now() - dragEnded > 300) choose(chosen === person.id ? null : person.id);
    });
    token.addEventListener("pointerdown", (event) => event.isPrimary && event.button === 0 && watchDrag(event, token, person));
    return item;
  }

  // touch-action lets the browser scroll the row of cards sideways; any other move is ours. All that follows is heard at
  // the window: a fast pointer has left the card before its first move is told, and one drag must not leave ears behind.
  function watchDrag(down, token, person) {
    let ghost = null;
    let over = null;
    let scrolling = null;
    const watching = new AbortController();
    const hear = (kind, act) => window.addEventListener(kind, (event) => event.pointerId === down.pointerId && act(event), { signal: watching.signal, passive: false });
    const move = (event) => {
      if (!ghost && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < DRAG_FROM_PX) return;
      if (!ghost) {
        ghost = token.cloneNode(true);
        ghost.classList.add("flying");
        ghost.setAttribute("aria-hidden", "true");
        ghost.tabIndex = -1;
        document.body.append(ghost);
        document.body.classList.add("dragging", "choosing");
        scrolling = startScrolling();
      }
      event.preventDefault();
      ghost.style.left = `${event.clientX - 95}px`;
      ghost.style.top = `${event.clientY - 46}px`;
      scrolling.at(event.clientY);
      const under = readerUnder(event);
      if (under !== over) {
        over?.classList.remove("over");
        under?.classList.add("over");
        over = under;
      }
    };
    const end = (event) => {
      if (event.type === "pointerup") move(event); // the last stretch may have come without a move of its own
      watching.abort();
      over?.classList.remove("over");
      if (!ghost) return;
      ghost.remove();
      scrolling.stop();
      dragEnded = performance.now();
      document.body.classList.remove("dragging");
      document.body.classList.toggle("choosing", chosen !== null);
      if (event.type === "pointerup" && over) tapAt(person.id, Number(over.dataset.door));
    };
    hear("pointermove", move);
    hear("pointerup", end);
    hear("pointercancel", end);
    try {
      token.setPointerCapture(down.pointerId); // beyond the edge of the window, too
    } catch {
      // the pointer is up again already
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || chosen === null) return;
    const token = list.querySelector(`[data-person="${chosen}"]`);
    choose(null);
    token?.focus();
  });
  choose(null);
  return { draw, tap, asked };
}

// The nearest reader within a finger's width of the pointer: a card need not hit it exactly.
function readerUnder(event) {
  let best = null;
  let nearest = 34;
  for (const reader of document.querySelectorAll(".reader")) {
    const box = reader.getBoundingClientRect();
    const dx = Math.max(box.left - event.clientX, 0, event.clientX - box.right);
    const dy = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
    if (Math.hypot(dx, dy) < nearest) {
      nearest = Math.hypot(dx, dy);
      best = reader;
    }
  }
  return best;
}

// A card held still near an edge of the drawing scrolls it: doors may lie off the screen.
function startScrolling() {
  let y = null;
  let since = 0;
  let frame = requestAnimationFrame(step);
  function direction() {
    const top = document.querySelector(".top").getBoundingClientRect().bottom;
    const bottom = document.querySelector(".tray").getBoundingClientRect().top;
    if (y === null || y > bottom) return 0;
    return y < top + EDGE_PX ? -1 : y > bottom - EDGE_PX ? 1 : 0;
  }
  function step(now) {
    const way = direction();
    if (way === 0) since = now;
    else if (now - since > LINGER_MS) window.scrollBy({ top: way * 9, behavior: "instant" });
    frame = requestAnimationFrame(step);
  }
  return { at: (place) => { y = place; }, stop: () => cancelAnimationFrame(frame) };
}
