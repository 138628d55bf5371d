// Moving in time: keys, buttons, mouse, pen and fingers; the tip that says what is below them.
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
