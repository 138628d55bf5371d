// The page around the canvases: verdict, alarms, figures, legend; then everything begins.
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
