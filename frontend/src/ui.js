// Menus, dialogs, toasts, clickable rows: behaviour that any page's markup can ask for.
import htmx from "htmx.org";
import { setCurrent } from "./keys.js";
import { tick } from "./time.js";
import { say } from "./words.js";

/** A short message in the corner; it leaves by itself. */
export function toast(text, seconds = 6) {
  const box = document.querySelector(".sz-toasts");
  if (!box) return;
  const item = document.createElement("div");
  item.className = "sz-toast";
  item.setAttribute("role", "status");
  item.textContent = text;
  box.append(item);
  setTimeout(() => item.remove(), seconds * 1000);
}

/** A dialog acts on the case as it is now on the page, not as it was when the page was loaded. */
function openDialog(opener) {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog) return;
  const version = document.querySelector("[data-case-version]")?.dataset.caseVersion;
  for (const field of dialog.querySelectorAll("input[name=version]")) if (version) field.value = version;
  dialog.showModal();
  htmx.trigger(dialog, "sizao:open");
}

function click(event) {
  const opener = event.target.closest("[data-dialog]");
  if (opener) openDialog(opener);
  // A dialog whose form was sent has done its work; what came back is on the page.
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.closest("[data-notice-close]")) {
    event.target.closest("[data-notice]").remove();
    // The button that had the keyboard is gone: go on from here and not from the top.
    document.getElementById("main").focus({ preventScroll: true });
  }
  if (event.target.matches("dialog.sz-dialog")) event.target.close();
  for (const menu of document.querySelectorAll("details.sz-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const fill = event.target.closest("[data-fill-user]");
  if (fill) {
    const form = document.getElementById("sz-login");
    form.username.value = fill.dataset.fillUser;
    form.password.value = fill.dataset.fillPassword;
    form.requestSubmit();
  }
  const template = event.target.closest("[data-text-template]");
  if (template) {
    const area = template.closest("form").querySelector("textarea");
    area.value = template.dataset.textTemplate;
    area.focus();
  }
  if (event.target.closest("[data-print]")) print();
  const row = event.target.closest("[data-row]");
  if (row) setCurrent(row, false);
  const link = event.target.closest("tr[data-href]");
  if (link && !event.target.closest("a, button, input, label, form, details") && !getSelection()?.toString()) location.assign(link.dataset.href);
}

/** The row to hold still: the current one if it is on the screen, else the topmost; none at the
 * head of the list, where the newest belongs. */
function heldRow(list) {
  const room = document.getElementById("main");
  if (!room?.scrollTop) return null;
  const [above, below] = [room.getBoundingClientRect().top, room.getBoundingClientRect().bottom];
  const shown = [...list.querySelectorAll("[data-row]")].filter((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return top >= above && bottom <= below;
  });
  const row = shown.find((one) => one.classList.contains("sz-current")) ?? shown[0];
  return row ? { id: row.dataset.row, top: row.getBoundingClientRect().top } : null;
}

/** A refusal is read at the reader's pace: a page that renews itself a moment later keeps it. It
 * goes with the next act, whose answer stands in its place, or when it is closed. */
function keepTold() {
  let told = null;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    told = event.detail.requestConfig.verb === "get" ? event.detail.target.querySelector("[data-notice]") : null;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const { target } = event.detail;
    if (told && !target.querySelector("[data-notice]")) {
      const head = target.querySelector(":scope > .sz-head");
      if (head) head.after(told);
      else target.prepend(told);
    }
    told = null;
  });
}

export function startUi() {
  document.addEventListener("click", click);
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-autosubmit]")) event.target.form.requestSubmit();
  });
  // The same form sent twice would be refused by the server; not sending it is kinder.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.hasAttribute("hx-post")) return;
    const button = event.submitter;
    if (button && event.target.method === "post") setTimeout(() => (button.disabled = true));
  });
  // A reloaded page must not keep a button disabled.
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("form[method=post] button:disabled")) button.disabled = false;
  });
  // A list that renews itself waits while nobody looks, and while somebody copies from it.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const list = event.detail.elt.closest("[data-calm]");
    if (list !== event.detail.elt || !list) return;
    const chosen = getSelection();
    if (document.hidden || (!chosen.isCollapsed && list.contains(chosen.anchorNode))) event.preventDefault();
  });
  // What a reader looks at stays where it is on the screen, though rows come and go above it.
  let held = null;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    held = event.detail.target.hasAttribute("data-calm") ? heldRow(event.detail.target) : null;
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    const row = held && document.querySelector(`[data-row="${CSS.escape(held.id)}"]`);
    if (row) document.getElementById("main").scrollTop += row.getBoundingClientRect().top - held.top;
    held = null;
  });
  keepTold();
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig?.verb !== "post") return;
    if (event.detail.successful || event.detail.xhr?.status === 409) event.target.closest("dialog[open]")?.close();
  });
  document.body.addEventListener("htmx:load", (event) => tick(event.detail.elt));
  document.body.addEventListener("htmx:afterSwap", () => {
    const notice = document.querySelector("[data-toast]");
    if (notice) {
      toast(notice.dataset.toast);
      delete notice.dataset.toast;
      notice.removeAttribute("data-toast");
    }
    const id = document.body.dataset.currentRow;
    if (id) setCurrent(document.querySelector(`[data-row="${CSS.escape(id)}"]`), false);
    count();
  });
  document.body.addEventListener("sizao:current", (event) => (document.body.dataset.currentRow = event.detail.id));
  document.body.addEventListener("htmx:responseError", (event) => toast(say(event.detail.xhr.status === 403 ? "denied" : "failed")));
  document.body.addEventListener("htmx:sendError", () => toast(say("unreachable")));
  count();
}

/** The number on the inbox's icon is what the page last heard. */
function count() {
  const source = document.querySelector("[data-unsigned]");
  if (!source) return;
  for (const badge of document.querySelectorAll("[data-unsigned-count]")) {
    badge.textContent = source.dataset.unsigned;
    badge.dataset.count = source.dataset.unsigned;
  }
}

export { htmx };
