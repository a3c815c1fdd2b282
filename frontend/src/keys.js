// The keyboard. A key presses the visible button that carries it, so that what a key does and
// whether it may is said in one place: the page.
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const visible = (element) => element.offsetParent !== null && !element.disabled;

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter(visible);
}

/** The row that has the keyboard's attention, or null. */
export const currentRow = () => document.querySelector("[data-row].sz-current");

export function setCurrent(row, scroll = true) {
  for (const other of document.querySelectorAll("[data-row].sz-current")) other.classList.remove("sz-current");
  if (!row) return;
  row.classList.add("sz-current");
  if (scroll) row.scrollIntoView({ block: "nearest" });
  document.body.dispatchEvent(new CustomEvent("sizao:current", { detail: { id: row.dataset.row } }));
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(currentRow());
  setCurrent(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
}

function press(key) {
  const scope = currentRow() ?? document;
  const find = (root) => [...root.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(visible);
  const button = find(scope) ?? find(document);
  if (!button) return false;
  if (button.matches("summary")) button.parentElement.open = true;
  button.focus({ preventScroll: true });
  button.click();
  return true;
}

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.sz-menu[open]")) menu.open = false;
      document.body.dispatchEvent(new CustomEvent("sizao:escape"));
      if (typing(event.target)) event.target.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    let used = true;
    if (event.key === "/") document.querySelector("[data-search]")?.focus();
    else if (event.key === "?") document.getElementById("sz-help")?.showModal();
    else if (event.key === "j" || (event.key === "ArrowDown" && currentRow())) move(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && currentRow())) move(-1);
    else if (event.key === "Enter" && currentRow() && event.target === document.body) currentRow().querySelector("a[href]")?.click();
    else if (/^[a-z]$/.test(event.key)) used = press(event.key);
    else used = false;
    if (used) event.preventDefault();
  });
}
