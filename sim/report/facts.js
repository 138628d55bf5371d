// The facts of a run, in the order in which they are shown: words, numbers, alarms in rows, lanes of marks and spans.
"use strict";
const F = JSON.parse(document.getElementById("facts").textContent);
const $ = (id) => document.getElementById(id);
const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const END = Math.max(F.end, SECOND), SHORTEST = 2000; // microseconds
const ALARM_WORDS = { fire: "fire", evacuation: "evacuation", lockdown: "lockdown", duress: "duress (a silent alarm)", forced: "forced", held: "held open",
  tamper: "tampering: enclosure, reader, line", mains: "mains lost, battery low" };
const LOUD = new Set(["alarm", "broken", "hand"]); // kinds that are never folded into a bar
const KIND_WORDS = { granted: "granted", denied: "denied", misread: "misread", remote: "released from afar",
  exit: "exit button", alarm: "alarm (forced, held open, damaged, torn write)", hand: "done by somebody (forces, asks for a release)",
  board: "board: started, clock set", leaf: "leaf opened or closed (record)", tap: "tap without a verdict (no power)" };
let view = [0, END], picked = null, width = 0, gutter = 0, colours = {}, due = false;
const still = matchMedia("(prefers-reduced-motion: reduce)");

// Words and numbers.
const two = (n, digits = 2) => String(n).padStart(digits, "0");
const WEEKDAY = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
// The clock on the wall: an hour and a day are those of the zone, at that moment.
const wall = new Intl.DateTimeFormat("en-GB", { timeZone: F.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const known = new Map();
function there(us) { // from a moment: year, month, day, hour, minute, second; the same minute asks once
  const minute = Math.floor((F.start + us / SECOND) / 60);
  if (!known.has(minute)) {
    if (known.size > 20000) known.clear();
    known.set(minute, Object.fromEntries(wall.formatToParts(new Date(minute * 60000)).map((part) => [part.type, part.value])));
  }
  return known.get(minute);
}
const offset = (us) => { const one = there(us); return (Date.UTC(one.year, one.month - 1, one.day, one.hour, one.minute) / 1000 - Math.floor((F.start + us / SECOND) / 60) * 60) * SECOND; };
const dayOf = (us) => Math.floor((F.start * SECOND + us + offset(us)) / DAY) - Math.floor((F.start * SECOND + offset(0)) / DAY) + 1;
const isMidnight = (us) => (F.start * SECOND + us + offset(us)) % DAY === 0;
function clock(us, fine = 1) {
  const one = there(us);
  let text = `${one.hour}:${one.minute}`;
  if (fine < MINUTE) text += `:${two(Math.floor(F.start + us / SECOND) % 60)}`;
  if (fine < SECOND) text += `.${two(Math.floor(us / 1000) % 1000, 3)}`;
  return text;
}
function day(us) {
  const one = there(us), at = new Date(Date.UTC(one.year, one.month - 1, one.day));
  return `day ${dayOf(us)}, ${WEEKDAY[at.getUTCDay()]} ${at.toISOString().slice(0, 10)}`;
}
const when = (us, fine = 1) => `day ${dayOf(us)} ${clock(us, fine)}`;
function span(us) {
  if (us < SECOND) return `${Math.round(us / 1000)} ms`;
  if (us < MINUTE) return `${+(us / SECOND).toFixed(1)} s`;
  if (us < HOUR) return `${+(us / MINUTE).toFixed(1)} min`;
  if (us < 2 * DAY) return `${+(us / HOUR).toFixed(1)} h`;
  return `${+(us / DAY).toFixed(1)} days`;
}
// The first place in a sorted list whose key is not below the value.
function place(list, value, key) {
  let low = 0, high = list.length;
  while (low < high) { const mid = (low + high) >> 1; if (key(list[mid]) < value) low = mid + 1; else high = mid; }
  return low;
}
const at = (mark) => mark[0], until = (span) => span[1];

// Alarms that overlap stand one below the other, and as long as there are few rows, those whose words would not fit.
const ALARM_ROW = 20, ALARM_ROWS = 4, WORDS_US = END * (innerWidth < 700 ? 0.4 : 0.13);
function rowsOf(alarms) {
  const rows = [];
  for (const alarm of alarms) {
    const free = (room) => rows.find((one) => Math.max(one[one.length - 1][1], one[one.length - 1][0] + room) < alarm[0]);
    const row = free(WORDS_US) || (rows.length >= ALARM_ROWS && free(0));
    if (row) row.push(alarm); else rows.push([alarm]);
  }
  return rows;
}
const everyAlarm = F.boards.flatMap((board) => board.alarms.map((alarm) => ({ at: alarm[0], until: alarm[1], kind: F.alarms[alarm[2]], text: alarm[3], where: board.name })));
everyAlarm.sort((a, b) => a.at - b.at);
// What is drawn: each board a canvas, each canvas a list of lanes from top to bottom.
const boards = F.boards.map((board) => {
  const lanes = [], rows = rowsOf(board.alarms);
  if (rows.length) lanes.push({ kind: "alarms", label: "Alarms", height: rows.length * ALARM_ROW + 5, board, rows });
  lanes.push(
    { kind: "state", label: "Power", height: 20, board },
    { kind: "network", label: "Network", height: 20, board },
    { kind: "sync", label: "Not yet stored", height: 30, board, most: Math.max(1, ...board.waiting.map((one) => one[1])) },
  );
  for (const door of board.doors) {
    lanes.push({ kind: "marks", label: door.name, height: 40, board, door, marks: door.marks, strong: true });
    lanes.push({ kind: "spans", label: "strike", height: 14, board, door, spans: door.strike, colour: "strike", what: "strike released" });
    lanes.push({ kind: "spans", label: "leaf", height: 18, board, door, spans: door.leaf, colour: "open", what: "leaf open" });
  }
  return { board, lanes, seen: false };
});
// Every mark of the run, in order: for the list, the overview and the keys n and p.
const everything = [];
boards.forEach(({ board }) => {
  board.marks.forEach((mark) => everything.push({ at: mark[0], kind: F.kinds[mark[1]], text: mark[2], where: board.name }));
  board.doors.forEach((door) => door.marks.forEach((mark) =>
    everything.push({ at: mark[0], kind: F.kinds[mark[1]], text: mark[2], where: door.name })));
});
F.hand.forEach((one) => everything.push({ at: one[0], kind: "hand", text: one[1], where: "cloud" }));
F.broker.forEach((one) => everything.push({ at: one[0], kind: "alarm", text: `broker down for ${span(one[1] - one[0])}`, where: "broker" }));
F.broken.forEach((one) => everything.push({ at: one[0], kind: "broken", text: one[1], where: "promise" }));
everything.sort((a, b) => a.at - b.at);
