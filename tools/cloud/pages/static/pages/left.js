// Counts down what is left of a time: the seconds in [data-left], from when each place was first seen.

const seen = new WeakMap();

function say(place, seconds) {
  if (!place.dataset.minutes) {
    place.textContent = String(seconds);
    return;
  }
  const minutes = Math.ceil(seconds / 60);
  place.textContent = (minutes === 1 ? place.dataset.minute : place.dataset.minutes).replace("{n}", String(minutes));
}

setInterval(() => {
  for (const place of document.querySelectorAll("[data-left]")) {
    if (!seen.has(place)) seen.set(place, Date.now() + Number(place.dataset.left) * 1000);
    say(place, Math.max(0, Math.round((seen.get(place) - Date.now()) / 1000)));
  }
}, 1000);
