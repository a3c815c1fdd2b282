// Words and settings the server put into the page, in the user's language.
const element = document.getElementById("sz-words");
const words = element ? JSON.parse(element.textContent) : {};

/** The word for a key, with `{name}` places filled in. A missing key shows itself. */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
