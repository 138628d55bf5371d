// Draws the facts on canvases, one a controller, over one window of time.
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
