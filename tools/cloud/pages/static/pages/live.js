// The doors page, live: takes the parts that changed from the server, and counts the seconds in between.

const badge = document.getElementById("live");
const RETRY_MS = 2000;

function show(kind, text, icon) {
  badge.className = `badge live ${kind}`;
  badge.lastElementChild.textContent = text;
  const use = badge.querySelector("use");
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${icon}`);
}

function put(id, html) {
  const part = document.getElementById(id);
  if (!part) {
    location.reload(); // a controller or a door has come: the page has no place for it yet
    return;
  }
  part.innerHTML = html;
}

function follow() {
  const stream = new EventSource(badge.dataset.stream);
  stream.onopen = () => show("good", badge.dataset.live, "linked");
  stream.onmessage = (message) => {
    for (const [id, html] of Object.entries(JSON.parse(message.data))) put(id, html);
  };
  stream.addEventListener("over", () => {
    stream.close();
    location.reload(); // signed out, or in another role: what is shown here is not for this person any more
  });
  stream.onerror = () => {
    show("warn", badge.dataset.away, "unlinked");
    if (stream.readyState === EventSource.CLOSED) refused();
  };
}

// An EventSource does not tell why it was refused.
async function refused() {
  const abort = new AbortController();
  try {
    const answer = await fetch(badge.dataset.stream, { signal: abort.signal });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (answer.status === 429) show("warn", await answer.text(), "unlinked");
  } catch {
    // no network: try again
  } finally {
    abort.abort();
  }
  setTimeout(follow, RETRY_MS);
}

// The server's clock and this one may differ: seconds are counted from when a confirmation was first seen.
const seen = new Map();
setInterval(() => {
  for (const place of document.querySelectorAll("[data-confirmed]")) {
    const key = place.closest(".link").id;
    const known = seen.get(key);
    if (!known || known.confirmed !== place.dataset.confirmed) seen.set(key, { confirmed: place.dataset.confirmed, at: Date.now() });
    const age = Math.round((Date.now() - seen.get(key).at) / 1000);
    place.textContent = badge.dataset.ago.replace("{n}", String(age));
  }
}, 1000);

follow();
