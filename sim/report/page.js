// The picture: draws the facts of the page on canvases, one a controller, over one window of time.
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

// Canvas.
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["page", "card", "ink", "soft", "line", "grid", "accent", "strike", "open", "on", "off", "cut", "hole", "wait", ...F.kinds])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  for (const name of ["ink", ...F.alarms]) colours[`a-${name}`] = style.getPropertyValue(`--a-${name}`).trim();
}
function brush(canvas, height) {
  const ratio = Math.min(3, devicePixelRatio || 1), wide = canvas.clientWidth;
  if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, height);
  return pen;
}
const font = (size, weight = 400) => `${weight} ${size}px system-ui, "Segoe UI", Roboto, sans-serif`;
const x = (us) => gutter + ((us - view[0]) / (view[1] - view[0])) * (width - gutter);
const us = (px) => view[0] + ((px - gutter) / (width - gutter)) * (view[1] - view[0]);

function glyph(pen, kind, px, py, size = 5) {
  pen.fillStyle = pen.strokeStyle = colours[kind];
  pen.lineWidth = 2;
  pen.beginPath();
  if (kind === "granted") { pen.arc(px, py, size, 0, 7); pen.fill(); }
  else if (kind === "denied") {
    pen.moveTo(px - size, py - size); pen.lineTo(px + size, py + size); pen.moveTo(px + size, py - size); pen.lineTo(px - size, py + size);
    pen.lineWidth = 2.5; pen.stroke();
  } else if (kind === "misread") { pen.moveTo(px, py - size - 1); pen.lineTo(px + size + 1, py); pen.lineTo(px, py + size + 1); pen.lineTo(px - size - 1, py); pen.fill(); }
  else if (kind === "remote") { pen.moveTo(px - size, py - size); pen.lineTo(px + size, py - size); pen.lineTo(px, py + size); pen.fill(); }
  else if (kind === "exit") { pen.moveTo(px - size, py - size); pen.lineTo(px + size, py); pen.lineTo(px - size, py + size); pen.fill(); }
  else if (kind === "alarm" || kind === "broken") {
    pen.moveTo(px, py - size - 2); pen.lineTo(px + size + 2, py + size); pen.lineTo(px - size - 2, py + size); pen.closePath(); pen.fill();
    pen.fillStyle = colours.card; pen.fillRect(px - 0.8, py - size * 0.5, 1.6, size * 0.8); pen.fillRect(px - 0.8, py + size * 0.55, 1.6, 1.6);
  } else if (kind === "leaf") { pen.globalAlpha = 0.55; pen.fillRect(px - 0.75, py - 3, 1.5, 6); pen.globalAlpha = 1; }
  else if (kind === "tap") { pen.arc(px, py, size - 1, 0, 7); pen.lineWidth = 1.5; pen.stroke(); }
  else if (kind === "hand") { pen.rect(px - size + 1, py - size + 1, 2 * size - 2, 2 * size - 2); pen.fill(); }
  else { pen.fillRect(px - 1, py - size, 2, 2 * size); }
}
// Rules of time: the smallest step whose labels do not touch.
const STEPS = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600]
  .map((step, i) => (i < 9 ? step : step * SECOND));
function rules() {
  const room = ((view[1] - view[0]) / (width - gutter)) * 86;
  const step = STEPS.find((one) => one >= room) || STEPS[STEPS.length - 1];
  const found = [];
  const shift = (F.start * SECOND + offset(view[0])) % DAY; // the rules stand on whole hours of that place
  for (let t = Math.ceil((view[0] + shift) / step) * step - shift; t <= view[1]; t += step) found.push(t);
  return [step, found];
}
function grid(pen, height, found) {
  pen.fillStyle = colours.grid;
  for (const t of found) pen.fillRect(Math.round(x(t)), 0, 1, height);
}
function drawAxis() {
  const pen = brush($("axis"), 26), [step, found] = rules();
  pen.font = font(12);
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  for (const t of found) {
    const px = x(t), midnight = isMidnight(t);
    pen.fillStyle = midnight ? colours.ink : colours.soft;
    const text = midnight ? `day ${dayOf(t)}` : clock(t, step);
    if (px > gutter + 18 && px < width - 18) pen.fillText(text, px, 12);
    else if (px >= gutter && px < width - 40) { pen.textAlign = "left"; pen.fillText(text, px, 12); pen.textAlign = "center"; }
    pen.fillRect(Math.round(px), 22, 1, 4);
  }
}

function drawSpans(pen, spans, top, height, colour) {
  pen.fillStyle = colour;
  let last = -1;
  for (let i = place(spans, view[0], until); i < spans.length && spans[i][0] <= view[1]; i++) {
    const from = Math.max(gutter, x(spans[i][0])), to = Math.min(width, x(spans[i][1]));
    const right = Math.max(to, from + 1.5);
    if (right <= last + 0.5) continue; // culled: that pixel is painted
    pen.fillRect(Math.max(from, last), top, right - Math.max(from, last), height);
    last = right;
  }
}
// Many short spans: each column of pixels is as strong as the share of its time, so that a busy door does not look
// like one that never locks.
function drawShares(pen, spans, top, height, colour) {
  const columns = new Float32Array(Math.ceil(width) + 1), first = place(spans, view[0], until);
  const faintest = (place(spans, view[1], at) - first) * 5 < width ? 0.8 : 0.22; // a lonely one must be seen
  for (let i = first; i < spans.length && spans[i][0] <= view[1]; i++) {
    const from = Math.max(gutter, x(spans[i][0])), to = Math.min(width, x(spans[i][1]));
    for (let px = Math.floor(from); px < to || px === Math.floor(from); px++)
      columns[px] = Math.min(1, columns[px] + Math.max(0.12, Math.min(to, px + 1) - Math.max(from, px)));
  }
  pen.fillStyle = colour;
  for (let px = 0; px < columns.length; px++) {
    if (!columns[px]) continue;
    const from = px;
    while (columns[px + 1] === columns[from]) px++;
    pen.globalAlpha = faintest + (1 - faintest) * columns[from];
    pen.fillRect(from, top, px - from + 1, height);
  }
  pen.globalAlpha = 1;
}
function hatch(pen, spans, top, height, colour) {
  for (let i = place(spans, view[0], until); i < spans.length && spans[i][0] <= view[1]; i++) {
    const from = Math.max(gutter, x(spans[i][0])), wide = Math.max(2, Math.min(width, x(spans[i][1])) - from);
    pen.save();
    pen.beginPath(); pen.rect(from, top, wide, height); pen.clip();
    pen.fillStyle = colour; pen.globalAlpha = 0.45; pen.fillRect(from, top, wide, height); pen.globalAlpha = 1;
    pen.strokeStyle = colour; pen.lineWidth = 2; pen.beginPath();
    for (let px = from - height - ((from - height) % 7); px < from + wide + height; px += 7) { pen.moveTo(px, top + height); pen.lineTo(px + height, top); }
    pen.stroke(); pen.restore();
  }
}
const BIN = 6;
function drawMarks(pen, marks, top, height) {
  const first = place(marks, view[0], at), beyond = place(marks, view[1] + 1, at), middle = top + height / 2 + 1;
  const loud = [], quiet = [];
  for (let i = first; i < beyond; i++) (LOUD.has(F.kinds[marks[i][1]]) ? loud : quiet).push(marks[i]);
  const verdicts = quiet.filter((mark) => F.kinds[mark[1]] !== "leaf");
  if (verdicts.length * 9 < width - gutter) {
    for (const mark of quiet) if (F.kinds[mark[1]] === "leaf") glyph(pen, "leaf", x(mark[0]), middle); // behind the rest
    for (const mark of verdicts) glyph(pen, F.kinds[mark[1]], x(mark[0]), middle);
  } else { // too many to tell apart: stacked bars, the tallest bin fills the lane
    const bins = new Map();
    for (const mark of verdicts) {
      const bin = Math.floor((x(mark[0]) - gutter) / BIN);
      if (!bins.has(bin)) bins.set(bin, {});
      const counts = bins.get(bin);
      counts[F.kinds[mark[1]]] = (counts[F.kinds[mark[1]]] || 0) + 1;
    }
    let most = 1;
    for (const counts of bins.values()) most = Math.max(most, Object.values(counts).reduce((a, b) => a + b, 0));
    const scale = (height - 14) / Math.max(most, 5);
    for (const [bin, counts] of bins) {
      let bottom = top + height - 3;
      for (const kind of ["granted", "exit", "remote", "board", "tap", "misread", "denied"]) {
        if (!counts[kind]) continue;
        const tall = Math.max(4, counts[kind] * scale);
        pen.fillStyle = colours[kind];
        pen.fillRect(gutter + bin * BIN, bottom - tall, BIN - 1, tall);
        bottom -= tall;
      }
    }
  }
  // Alarms stand above and before what people did; one where many would hide each other.
  for (const which of ["hand", "alarm"]) {
    let right = -99;
    for (const mark of loud) {
      const px = x(mark[0]), kind = F.kinds[mark[1]];
      if ((kind === "hand") !== (which === "hand") || px < right + 12) continue;
      glyph(pen, kind, px, top + 9, 4.5);
      right = px;
    }
  }
}
function drawAlarms(pen, rows, top) {
  pen.textBaseline = "middle"; pen.textAlign = "left";
  rows.forEach((row, n) => row.forEach((alarm, i) => {
    if (alarm[1] < view[0] || alarm[0] > view[1]) return;
    const name = F.alarms[alarm[2]], y = top + 3 + n * ALARM_ROW, from = Math.max(gutter, x(alarm[0])), to = Math.max(from + 5, Math.min(width, x(alarm[1])));
    pen.fillStyle = colours[`a-${name}`];
    pen.beginPath(); pen.roundRect(from, y, to - from, ALARM_ROW - 3, 3); pen.fill();
    pen.font = font(11.5, 600);
    const wide = pen.measureText(alarm[3]).width, room = (i + 1 < row.length ? Math.min(width, x(row[i + 1][0])) : width) - to;
    if (wide + 12 < to - from) { pen.fillStyle = colours["a-ink"]; pen.fillText(alarm[3], from + 6, y + ALARM_ROW / 2 - 1); }
    else if (wide + 10 < room) pen.fillText(alarm[3], to + 4, y + ALARM_ROW / 2 - 1);
    else if (from - wide - 4 > (i ? Math.max(gutter, x(row[i - 1][1])) : gutter)) pen.fillText(alarm[3], from - wide - 4, y + ALARM_ROW / 2 - 1);
  }));
}
const WIDE = new Set(["fire", "evacuation", "lockdown"]); // they hold for every door of the board
function tint(pen, board, height) {
  for (const alarm of board.alarms) {
    const name = F.alarms[alarm[2]];
    if (!WIDE.has(name) || alarm[1] < view[0] || alarm[0] > view[1]) continue;
    const from = Math.max(gutter, x(alarm[0])), to = Math.min(width, x(alarm[1]));
    pen.fillStyle = colours[`a-${name}`]; pen.globalAlpha = 0.1; pen.fillRect(from, 0, Math.max(2, to - from), height); pen.globalAlpha = 1;
  }
}
function drawLane(pen, lane, top) {
  const { board } = lane, inner = top + 3, tall = lane.height - 6;
  if (lane.kind === "state") {
    pen.fillStyle = colours.on;
    pen.fillRect(gutter, inner, width - gutter, tall);
    drawSpans(pen, board.dark, inner, tall, colours.off);
    drawMarks(pen, board.marks, top - 2, lane.height);
  } else if (lane.kind === "network") {
    pen.fillStyle = colours.on;
    pen.fillRect(gutter, inner, width - gutter, tall);
    hatch(pen, F.broker, inner, tall, colours.denied);
    hatch(pen, board.hole, inner, tall, colours.hole);
    drawSpans(pen, board.cut, inner, tall, colours.cut);
    drawSpans(pen, board.dark, inner, tall, colours.card);
  } else if (lane.kind === "sync") {
    const steps = board.waiting, bottom = top + lane.height - 3;
    let i = Math.max(0, place(steps, view[0], at) - 1), column = -1, peak = 0;
    const paint = (from, to, count) => {
      if (count) pen.fillRect(from, bottom - Math.max(2, (count / lane.most) * (tall - 3)), Math.max(1, to - from), Math.max(2, (count / lane.most) * (tall - 3)));
    };
    pen.fillStyle = colours.wait;
    for (; i < steps.length && steps[i][0] <= view[1]; i++) {
      const from = Math.max(gutter, x(steps[i][0])), to = Math.min(width, i + 1 < steps.length ? x(steps[i + 1][0]) : width);
      const px = Math.floor(from);
      if (px !== column) { column = px; peak = 0; }
      if (to - from < 1) { if (steps[i][1] > peak) { peak = steps[i][1]; paint(px, px + 1, peak); } } else paint(from, to, steps[i][1]);
    }
    drawSpans(pen, board.behind, top + 1, 3, colours.misread);
  } else if (lane.kind === "alarms") drawAlarms(pen, lane.rows, top);
  else if (lane.kind === "marks") drawMarks(pen, lane.marks, top, lane.height);
  else drawShares(pen, lane.spans, top + 2, lane.height - (lane.label === "leaf" ? 9 : 5), colours[lane.colour]);
}
const labelled = () => width >= 640;
function heightOf(one) { return one.lanes.reduce((sum, lane) => sum + tallOf(lane), 6); }
const tallOf = (lane) => lane.height + (labelled() || lane.kind === "spans" ? 0 : 15);
function drawBoard(one) {
  const height = heightOf(one);
  one.canvas.style.height = `${height}px`;
  const pen = brush(one.canvas, height), [, found] = rules();
  grid(pen, height, found);
  tint(pen, one.board, height);
  let top = 2;
  for (const lane of one.lanes) {
    const head = tallOf(lane) - lane.height;
    if (lane.strong) { pen.fillStyle = colours.line; pen.fillRect(0, top - 1, width, 1); }
    lane.top = top; lane.tall = tallOf(lane);
    pen.save();
    pen.beginPath(); pen.rect(gutter, top, width - gutter, tallOf(lane)); pen.clip();
    drawLane(pen, lane, top + head);
    pen.restore();
    pen.textBaseline = "middle"; pen.textAlign = "left";
    pen.fillStyle = lane.strong ? colours.ink : colours.soft;
    pen.font = lane.strong ? font(13.5, 600) : font(12);
    if (labelled()) pen.fillText(lane.label, lane.kind === "spans" ? 24 : 12, top + lane.height / 2 + (lane.kind === "spans" ? -2 : 1), gutter - 30);
    else if (head) pen.fillText(lane.label, 10, top + 9);
    if (lane.kind === "sync") {
      pen.font = font(10.5); pen.fillStyle = colours.soft;
      if (labelled()) { pen.textAlign = "right"; pen.fillText(`max ${lane.most}`, gutter - 6, top + lane.height / 2 + 1); }
    }
    top += tallOf(lane);
  }
  pen.fillStyle = colours.broken;
  for (const [t] of F.broken) if (t >= view[0] && t <= view[1]) pen.fillRect(x(t) - 0.75, 0, 1.5, height);
  if (picked !== null && picked >= view[0] && picked <= view[1]) {
    pen.fillStyle = colours.accent; pen.globalAlpha = 0.8; pen.fillRect(x(picked) - 0.5, 0, 1, height); pen.globalAlpha = 1;
  }
}
function drawOverview() {
  const canvas = $("overview"), pen = brush(canvas, 44), wide = canvas.clientWidth, bins = new Float64Array(Math.ceil(wide / 3) + 1), bad = new Float64Array(bins.length);
  for (const one of everything) {
    const bin = Math.floor((one.at / END) * wide / 3);
    if (one.kind !== "leaf") bins[bin]++;
    if (one.kind === "denied" || one.kind === "alarm") bad[bin]++;
  }
  const most = Math.max(4, ...bins);
  for (let i = 0; i < bins.length; i++) {
    pen.fillStyle = colours.wait; pen.fillRect(i * 3, 42 - (bins[i] / most) * 34, 2, (bins[i] / most) * 34);
    pen.fillStyle = colours.denied; pen.fillRect(i * 3, 42 - (bad[i] / most) * 34, 2, (bad[i] / most) * 34);
  }
  for (const kind of [...F.alarms].reverse()) for (const one of everyAlarm) if (one.kind === kind) { pen.fillStyle = colours[`a-${one.kind}`]; pen.fillRect((one.at / END) * wide, 2, Math.max(3, ((one.until - one.at) / END) * wide), 7); }
  pen.fillStyle = colours.soft; pen.font = font(10.5);
  const first = DAY - ((F.start * SECOND + offset(0)) % DAY || 0);
  for (let t = first; t < END && END / DAY < 40; t += DAY) { pen.globalAlpha = 0.5; pen.fillRect((t / END) * wide, 0, 1, 44); pen.globalAlpha = 1; pen.fillText(`day ${dayOf(t + HOUR)}`, (t / END) * wide + 4, 11); }
  const from = (view[0] / END) * wide, to = Math.max(from + 3, (view[1] / END) * wide);
  pen.fillStyle = colours.page; pen.globalAlpha = 0.62; pen.fillRect(0, 0, from, 44); pen.fillRect(to, 0, wide - to, 44); pen.globalAlpha = 1;
  pen.fillStyle = colours.broken;
  for (const [t] of F.broken) pen.fillRect((t / END) * wide - 1, 0, 2.5, 44);
  pen.strokeStyle = colours.accent; pen.lineWidth = 2; pen.strokeRect(from + 1, 1, to - from - 2, 42);
}
function drawList() {
  const first = place(everything, view[0], (one) => one.at), beyond = place(everything, view[1] + 1, (one) => one.at);
  const rows = [], LIMIT = 150;
  let i = first;
  for (; i < beyond && rows.length < LIMIT; i++) {
    const one = everything[i], row = document.createElement("tr"), dot = document.createElement("i");
    dot.style.background = colours[one.kind];
    const cells = [when(one.at), one.where, one.text].map((text) => { const cell = document.createElement("td"); cell.textContent = text; return cell; });
    cells[2].prepend(dot);
    row.append(...cells);
    row.onclick = () => { jump(one.at); scrollTo({ top: $("bar").offsetTop - 4, behavior: still.matches ? "auto" : "smooth" }); };
    rows.push(row);
  }
  $("list").querySelector("tbody").replaceChildren(...rows);
  $("more").textContent = beyond > i ? `and ${(beyond - i).toLocaleString("en")} more: zoom in to see them` : rows.length ? "" : "nothing";
}
let listing = 0;
function draw() {
  due = false;
  width = $("axis").clientWidth;
  gutter = labelled() ? Math.min(190, Math.max(150, width * 0.13)) : 0;
  $("window").textContent = `${when(view[0], view[1] - view[0] > 2 * MINUTE ? MINUTE : SECOND)} – ${when(view[1], view[1] - view[0] > 2 * MINUTE ? MINUTE : SECOND)} (${span(view[1] - view[0])})`;
  drawAxis();
  drawOverview();
  for (const one of boards) if (one.seen) drawBoard(one); else one.canvas.style.height = `${heightOf(one)}px`;
  clearTimeout(listing);
  listing = setTimeout(drawList, 120);
}
function redraw() { if (!due) { due = true; requestAnimationFrame(draw); } }

// Moving.
function show(from, to) {
  let length = Math.min(END, Math.max(SHORTEST, to - from));
  const middle = (from + to) / 2;
  from = Math.min(Math.max(0, to - from === length ? from : middle - length / 2), END - length);
  view = [from, from + length];
  hide();
  redraw();
}
function zoom(factor, around = (view[0] + view[1]) / 2) { show(around - (around - view[0]) * factor, around + (view[1] - around) * factor); }
function pan(part) { const step = (view[1] - view[0]) * part; show(view[0] + step, view[1] + step); }
function jump(t) { picked = t; const length = Math.min(view[1] - view[0], 2 * MINUTE); show(t - length / 2, t + length / 2); }
function next(way) {
  const from = picked !== null && picked >= view[0] && picked <= view[1] ? picked : way > 0 ? view[0] - 1 : view[1] + 1;
  let i = way > 0 ? place(everything, from + 0.5, (one) => one.at) : place(everything, from, (one) => one.at) - 1;
  const one = everything[i];
  if (!one) return;
  picked = one.at;
  const length = view[1] - view[0];
  if (one.at < view[0] || one.at > view[1]) show(one.at - length / 2, one.at + length / 2);
  else redraw();
  const same = everything.filter((other) => other.at === one.at).map((other) => `${other.where}: ${other.text}`);
  const box = boards[0].canvas.getBoundingClientRect();
  tell(when(one.at), same, box.left + x(one.at), Math.max(170, box.top + 20));
}
let alarmAt = -1;
function nextAlarm(kind) {
  const these = kind ? everyAlarm.filter((one) => one.kind === kind) : everyAlarm;
  if (!these.length) return;
  const one = these[(alarmAt = (alarmAt + 1) % these.length)], half = Math.max(2 * MINUTE, (one.until - one.at) * 0.75), middle = (one.at + one.until) / 2;
  picked = one.at;
  show(middle - half, middle + half);
}
let brokenAt = -1;
function nextBroken() { if (F.broken.length) { brokenAt = (brokenAt + 1) % F.broken.length; jump(F.broken[brokenAt][0]); } }
const DOES = { left: () => pan(-0.3), right: () => pan(0.3), in: () => zoom(0.5), out: () => zoom(2), all: () => show(0, END) };
document.querySelectorAll("[data-do]").forEach((button) => { button.onclick = () => DOES[button.dataset.do](); });
const KEYS = { ArrowLeft: DOES.left, ArrowRight: DOES.right, "+": DOES.in, "=": DOES.in, "-": DOES.out, 0: DOES.all, Home: DOES.all,
  n: () => next(1), p: () => next(-1), a: () => nextAlarm(), b: nextBroken, Escape: () => { picked = null; hide(); redraw(); } };
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  KEYS[event.key]();
  event.preventDefault();
});

// The tip.
function tell(head, lines, px, py) {
  const tip = $("tip"), bold = document.createElement("b");
  bold.textContent = head;
  tip.replaceChildren(bold, ...lines.slice(0, 6).flatMap((line, i) => (i ? [document.createElement("br"), line] : [line])));
  if (lines.length > 6) tip.append(document.createElement("br"), `and ${lines.length - 6} more`);
  tip.hidden = false;
  tip.style.left = "0"; // else it is measured squeezed against the edge
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(innerWidth - box.width - 8, px + 12))}px`;
  tip.style.top = `${py + 16 + box.height > innerHeight ? py - box.height - 12 : py + 16}px`;
}
function hide() { $("tip").hidden = true; }
const inside = (spans, t, slack) => spans.find((one) => one[0] - slack <= t && t <= one[1] + slack);
function whatIs(one, px, py) {
  const lane = one.lanes.find((each) => py >= each.top && py < each.top + each.tall);
  if (!lane || px < gutter) return null;
  const t = us(px), slack = ((view[1] - view[0]) / (width - gutter)) * 7, { board } = lane;
  const found = (spans, text) => { const hit = inside(spans, t, slack / 3); return hit && [when(hit[0]), [`${board.name}: ${text} for ${span(hit[1] - hit[0])}`]]; };
  if (lane.kind === "marks" || lane.kind === "state") {
    const marks = lane.marks || board.marks, near = [];
    for (let i = place(marks, t - slack, at); i < marks.length && marks[i][0] <= t + slack; i++) near.push(marks[i]);
    if (near.length) {
      const loud = near.filter((mark) => LOUD.has(F.kinds[mark[1]]));
      const name = lane.door ? lane.door.name : board.name, rest = near.filter((mark) => !loud.includes(mark));
      rest.sort((a, b) => Math.abs(a[0] - t) - Math.abs(b[0] - t));
      const all = [...loud, ...rest];
      return [when(all[0][0]), [name, ...all.map((mark) => (mark[0] === all[0][0] ? mark[2] : `${clock(mark[0])} ${mark[2]}`))]];
    }
    return lane.kind === "state" ? found(board.dark, "no power") || [when(t, SECOND), [`${board.name}: power is on`]] : null;
  }
  if (lane.kind === "alarms") {
    const row = lane.rows[Math.floor((py - lane.top - (lane.tall - lane.height) - 3) / ALARM_ROW)];
    const hit = row && inside(row, t, slack);
    return hit ? [when(hit[0]), [`${board.name}: ${hit[3]}${hit[1] > hit[0] ? ` for ${span(hit[1] - hit[0])}` : ""}`]] : null;
  }
  if (lane.kind === "network")
    return found(board.dark, "no power") || found(board.cut, "no Wi-Fi") || found(board.hole, "black hole, nothing gets through,") || found(F.broker, "broker down") || [when(t, SECOND), [`${board.name}: network is up`]];
  if (lane.kind === "sync") {
    const step = board.waiting[Math.max(0, place(board.waiting, t + 1, at) - 1)];
    const behind = inside(board.behind, t, slack / 3);
    return [when(t, SECOND), [`${board.name}: ${step[1]} event${step[1] === 1 ? "" : "s"} recorded, not yet stored`, ...(behind ? [`older access list for ${span(behind[1] - behind[0])}`] : [])]];
  }
  const hit = inside(lane.spans, t, slack / 2);
  return hit ? [when(hit[0]), [`${lane.door.name}: ${lane.what} for ${span(hit[1] - hit[0])}`]] : null;
}

// Hands: mouse, pen and fingers alike.
function gestures(canvas, one) {
  const down = new Map();
  let moved = 0, pinch = 0;
  const px = (event) => event.clientX - canvas.getBoundingClientRect().left;
  const tipAt = (event) => {
    if (!one) return;
    const box = canvas.getBoundingClientRect(), said = whatIs(one, event.clientX - box.left, event.clientY - box.top);
    if (said) tell(said[0], said[1], event.clientX, event.clientY); else hide();
  };
  canvas.addEventListener("pointerdown", (event) => {
    down.set(event.pointerId, px(event));
    canvas.setPointerCapture(event.pointerId);
    moved = 0;
    if (down.size === 2) { const [a, b] = down.values(); pinch = Math.abs(a - b); }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) { if (event.pointerType !== "touch") tipAt(event); return; }
    const before = down.get(event.pointerId), now = px(event);
    down.set(event.pointerId, now);
    moved += Math.abs(now - before);
    if (down.size === 2) {
      const [a, b] = down.values(), apart = Math.max(8, Math.abs(a - b));
      if (pinch > 8) zoom(pinch / apart, us((a + b) / 2));
      pinch = apart;
    } else if (moved > 3) { const shift = us(before) - us(now); show(view[0] + shift, view[1] + shift); }
  });
  const up = (event) => { if (down.delete(event.pointerId) && moved <= 6 && event.type === "pointerup") tipAt(event); };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hide(); });
  canvas.addEventListener("dblclick", (event) => zoom(0.25, us(px(event))));
  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.008), us(px(event)));
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / 1000);
    else if (event.shiftKey) pan(event.deltaY / 1000);
    else return;
    event.preventDefault();
  }, { passive: false });
}
function overviewGestures() {
  const canvas = $("overview");
  let from = null;
  const time = (event) => { const box = canvas.getBoundingClientRect(); return Math.max(0, Math.min(END, ((event.clientX - box.left) / box.width) * END)); };
  canvas.addEventListener("pointerdown", (event) => { from = [time(event), event.clientX]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => { if (from && Math.abs(event.clientX - from[1]) > 4) show(Math.min(from[0], time(event)), Math.max(from[0], time(event))); });
  canvas.addEventListener("pointerup", (event) => {
    if (from && Math.abs(event.clientX - from[1]) <= 4) { const half = (view[1] - view[0]) / 2, t = time(event); show(t - half, t + half); }
    from = null;
  });
  for (const bar of [canvas, $("axis")]) bar.addEventListener("wheel", (event) => {
    const around = bar === canvas ? Math.max(view[0], Math.min(view[1], time(event))) : us(event.clientX - bar.getBoundingClientRect().left);
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.005), around);
    event.preventDefault();
  }, { passive: false });
}

// The page around it.
function header() {
  const doors = F.boards.reduce((sum, board) => sum + board.doors.length, 0);
  $("summary").textContent = `Seed ${F.seed} · ${span(END)} · ${F.boards.length} controllers, ${doors} doors · from ${day(0)}, times in ${F.zone}`;
  const verdict = $("verdict");
  const failed = F.outcomes ? F.outcomes.filter((one) => one[1]) : [], bold = document.createElement("strong");
  if (!F.broken.length && !failed.length) {
    const count = F.outcomes ? F.outcomes.length : 0;
    bold.textContent = "No promise was broken.";
    verdict.append(bold, count ? ` ${count} expectation${count === 1 ? "" : "s"} met.` : "");
  } else {
    verdict.className = "bad";
    bold.textContent = [F.broken.length && `${F.broken.length} broken promise${F.broken.length === 1 ? "" : "s"}`, failed.length && `${failed.length} expectation${failed.length === 1 ? "" : "s"} not met`].filter(Boolean).join(", ") + ".";
    const list = document.createElement("ol");
    const entry = (t, text) => {
      const item = document.createElement("li"), button = document.createElement("button"), time = document.createElement("b");
      button.type = "button";
      time.textContent = t === null ? "at the end" : when(t);
      button.append(time, text);
      button.onclick = () => { jump(t === null ? END : t); };
      item.append(button);
      list.append(item);
    };
    F.broken.slice(0, 200).forEach(([t, text]) => entry(t, text));
    failed.forEach(([said, found, t]) => entry(t, `${said}: ${found}`));
    verdict.append(bold, list);
  }
  const strip = $("alarms"), title = document.createElement("span");
  title.textContent = everyAlarm.length ? "Alarms" : "";
  strip.append(title);
  strip.hidden = !everyAlarm.length;
  for (const kind of F.alarms) {
    const these = everyAlarm.filter((one) => one.kind === kind);
    if (!these.length) continue;
    const button = document.createElement("button"), dot = document.createElement("i"), count = document.createElement("b"), length = document.createElement("small");
    button.type = "button";
    button.title = "Show the next one";
    dot.style.background = `var(--a-${kind})`;
    count.textContent = these.length;
    length.textContent = these[0].until > these[0].at ? `from ${clock(these[0].at, MINUTE)}` : `at ${clock(these[0].at, MINUTE)}`;
    button.append(dot, ALARM_WORDS[kind].replace(/[:(].*/, "").trim(), count, length);
    let shown = 0;
    button.onclick = () => { alarmAt = (shown++ % these.length) - 1; nextAlarm(kind); };
    strip.append(button);
  }
  const bad = new Set(["lost", "duplicated", "altered", "broken promises"]);
  for (const [name, value] of F.figures) {
    const box = document.createElement("div"), term = document.createElement("dt"), number = document.createElement("dd");
    term.textContent = name;
    number.textContent = typeof value === "number" ? value.toLocaleString("en") : value;
    if (bad.has(name) && value) box.className = "bad";
    box.append(term, number);
    $("figures").append(box);
  }
}
function legend() {
  const list = $("legend").querySelector("ul");
  list.replaceChildren();
  const add = (text, paint) => {
    const item = document.createElement("li"), canvas = document.createElement("canvas");
    item.append(canvas, text);
    list.append(item);
    paint(brush(canvas, 18));
  };
  for (const [kind, text] of Object.entries(KIND_WORDS)) add(text, (pen) => glyph(pen, kind, 15, 9));
  for (const kind of F.alarms) add(`alarm: ${ALARM_WORDS[kind]}`, (pen) => { pen.fillStyle = colours[`a-${kind}`]; pen.beginPath(); pen.roundRect(0, 2, 30, 14, 3); pen.fill(); });
  const bar = (name) => (pen) => { pen.fillStyle = colours[name]; pen.fillRect(0, 4, 30, 10); };
  for (const [name, text] of [["strike", "strike released"], ["open", "leaf open"], ["off", "no power"], ["cut", "no Wi-Fi"], ["wait", "events recorded, not yet stored"], ["misread", "older access list (thin line)"], ["broken", "broken promise (line through all)"]]) add(text, bar(name));
  const keep = [width, gutter, view];
  for (const [name, text] of [["hole", "black hole: Wi-Fi is there, nothing gets through"], ["denied", "broker down"]])
    add(text, (pen) => { width = 30; gutter = 0; view = [0, 30]; hatch(pen, [[0, 30]], 4, 10, colours[name]); [width, gutter, view] = keep; });
}
function build() {
  const seen = new IntersectionObserver((changes) => {
    for (const change of changes) { const one = boards.find((each) => each.canvas === change.target); one.seen = change.isIntersecting; }
    redraw();
  }, { rootMargin: "200px" });
  for (const one of boards) {
    const section = document.createElement("section"), head = document.createElement("h2"), small = document.createElement("small");
    section.className = "board";
    head.textContent = one.board.name;
    small.textContent = one.board.doors.map((door) => door.name).join(" · ");
    head.append(small);
    one.canvas = document.createElement("canvas");
    one.canvas.tabIndex = 0;
    one.canvas.setAttribute("role", "img");
    one.canvas.setAttribute("aria-label", `Timeline of ${one.board.name}; the table below tells the same in words`);
    section.append(head, one.canvas);
    $("boards").append(section);
    gestures(one.canvas, one);
    seen.observe(one.canvas);
  }
}
readColours();
header();
build();
overviewGestures();
if (innerWidth < 700) $("legend").open = false;
new ResizeObserver(redraw).observe($("axis"));
$("legend").addEventListener("toggle", legend);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); legend(); redraw(); });
draw();
legend();
