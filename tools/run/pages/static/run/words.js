// The page's words in the visitor's language, as the server wrote them into the page.

export const words = {};
for (const term of document.querySelectorAll("#words dt")) words[term.textContent] = term.nextElementSibling.textContent;

// say("said", {name: "Kari"}) fills {name}.
export function say(word, fields) {
  return fill(words[word], fields);
}

export function fill(text, fields) {
  return text.replace(/\{(\w+)\}/g, (whole, field) => fields[field] ?? whole);
}
