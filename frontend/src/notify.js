// Desktop notifications of notices that are addressed to this account. Permission is asked for only
// when somebody presses the button for it, and a refusal is said with what to do about it.
import { say } from "./words.js";

const body = document.body;
const supported = "Notification" in window;

function show() {
  const state = supported ? Notification.permission : "unsupported";
  for (const box of document.querySelectorAll("[data-notify]")) {
    box.querySelector("[data-notify-ask]").hidden = state !== "default";
    const note = box.querySelector("[data-notify-state]");
    note.hidden = state === "default";
    note.textContent = state === "default" ? "" : say(`notify_${state}`);
  }
}

/** Whether a notice is for who sits here: the unit, and the role if it names one, or
 * the one who is on duty. */
function mine(notice) {
  if (notice.action !== "told") return false;
  if (notice.person) return `${notice.person}` === body.dataset.account;
  return notice.party === body.dataset.unit && (!notice.role || notice.role === body.dataset.role);
}

function receipt(id, state) {
  const headers = { ...JSON.parse(body.getAttribute("hx-headers") || "{}"), "Content-Type": "application/x-www-form-urlencoded" };
  // Whether it could be told matters less than what it tells: a failure falls back to another channel.
  return fetch(`/partner/${id}/shown/`, { method: "POST", headers, body: `state=${state}` }).catch(() => {});
}

async function raise(notice) {
  const title = document.documentElement.lang === "en" ? notice.title_en : notice.title;
  // The same tag replaces: two open pages show one notification.
  const options = { tag: `sizao-notice-${notice.id}`, icon: body.dataset.icon, requireInteraction: notice.level === "red" };
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      focus();
      receipt(notice.id, "read").finally(() => location.assign(`/partner/${notice.id}/`));
    };
  } catch {
    // Chrome on Android shows them only through a service worker.
    const worker = await navigator.serviceWorker?.getRegistration();
    if (!worker) return;
    await worker.showNotification(title, options);
  }
  receipt(notice.id, "delivered");
}

export function startNotify() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-notify-ask]")) Notification.requestPermission().then(show);
  });
  body.addEventListener("sizao:notice", (event) => {
    if (supported && Notification.permission === "granted" && mine(event.detail ?? {})) raise(event.detail);
  });
  show();
}
