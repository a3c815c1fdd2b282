// The officer's page on a phone. Everything works without a network: what is done goes into a queue
// (fieldqueue.js), and from there to the server in order when there is one.
import { done, keep, queued, remove } from "./fieldqueue.js";

const main = document.querySelector("[data-field]");
const user = main.dataset.user;
const words = JSON.parse(document.getElementById("sz-field-words").textContent);
const ICONS = "/static/sizao/icons.svg#";
const CASE_STEPS = ["sign", "arrive", "resolve"];
const AFTER = { sign: "signed", arrive: "on_scene", resolve: "resolved" };
const AGAIN_MS = { first: 2000, most: 60_000 };
const REFRESH_MS = 30_000;
const PLACE_MS = 3000;
const NIGHT = { from: 19, to: 7 };

let found = JSON.parse(document.getElementById("sz-field-tasks").textContent);
let base = { server: found.now, here: Date.now() };
let waiting = [];
let online = navigator.onLine;
let signedOut = false;
let pause = AGAIN_MS.first;
let timer = 0;

const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const either = (zh, en) => (words.en ? en || zh : zh);
const now = () => base.server + ((Date.now() - base.here) / 1000) * (found.factor || 1);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== false && value != null) made.setAttribute(name, value);
  made.append(...children.filter((one) => one != null));
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "sz-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", ICONS + name);
  svg.append(use);
  return svg;
}

// Doing

/** Put an action into the queue and show it; sending is another matter. */
async function act(task, action, given = {}, photo = null) {
  const entry = {
    client_id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2, 12)}`,
    order: Date.now() + waiting.length / 1000,
    user,
    case: task.id,
    number: task.number,
    what: `${task.drill ? `${say("drill")} ` : ""}${task.what} ${task.place}`.trim(),
    action,
    photo,
    state: "waiting",
    given: { case: task.id, action, version: task.version, at: now(), ...given },
  };
  try {
    await keep(entry);
  } catch {
    alert(say("stored"));
    return;
  }
  await show();
  sync();
}

/** Where the phone is; nothing if it does not know within moments. */
function place() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve({});
    const give = setTimeout(() => resolve({}), PLACE_MS);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { clearTimeout(give); resolve({ lat: coords.latitude, lon: coords.longitude }); },
      () => { clearTimeout(give); resolve({}); },
      { maximumAge: 30_000, timeout: PLACE_MS },
    );
  });
}

/** Ask in a dialog; null if the officer turned back. */
function ask(name) {
  const dialog = document.getElementById(`sz-field-${name}`);
  const form = dialog.querySelector("form");
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null), { once: true });
    dialog.returnValue = "";
  });
}

async function press(task, action) {
  if (action === "measure") {
    const given = await ask("measure");
    if (!given) return;
    const [kind, value] = given.what.split(":");
    const detail = kind === "closure" ? { kind, lanes: value } : { kind, limit_kmh: Number(value) };
    return act(task, action, { ...detail, ...(await place()) });
  }
  if (action === "resolve") {
    const given = await ask("resolve");
    if (!given) return;
    return act(task, action, { reason: given.words.trim() || given.reason });
  }
  return act(task, action);
}

// Sending

function sync() {
  clearTimeout(timer);
  const run = () => send().catch(() => later());
  return navigator.locks ? navigator.locks.request("sizao-field", run) : run();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(sync, pause);
  pause = Math.min(pause * 2, AGAIN_MS.most);
}

/** Send what waits, first done first. A case whose step met a conflict waits for the officer. */
async function send() {
  let sent = false;
  for (;;) {
    const all = await queued(user);
    const stuck = new Set(all.filter((one) => one.state !== "waiting").map((one) => one.case));
    const next = all.find((one) => one.state === "waiting" && !(stuck.has(one.case) && CASE_STEPS.includes(one.action)));
    if (!next) break;
    const answer = await post(next);
    if (!answer) {
      await show();
      return later();
    }
    sent = true;
    pause = AGAIN_MS.first;
    if (answer.result === "done" || answer.result === "dropped") await done(next, answer);
    else await keep({ ...next, state: answer.result === "conflict" ? "conflict" : "refused", answer });
    await show();
  }
  if (sent) await refresh();
}

/** The server's answer; null if there was none, and the action waits on. */
async function post(entry) {
  const body = new FormData();
  body.set("given", JSON.stringify({ ...entry.given, client_id: entry.client_id }));
  if (entry.photo && !entry.given.drop) body.set("photo", entry.photo, "photo");
  const token = document.cookie.match(/(?:^|; )sizao_csrf=([^;]+)/)?.[1] ?? "";
  let answer;
  try {
    answer = await fetch("/field/actions/", { method: "POST", body, headers: { "X-CSRFToken": token }, redirect: "manual" });
  } catch {
    online = false;
    return null;
  }
  online = true;
  signedOut = answer.type === "opaqueredirect" || answer.status === 403;
  if (![200, 400, 409, 422].includes(answer.status)) return null;
  return answer.json().catch(() => null);
}

async function refresh() {
  try {
    const answer = await fetch("/field/tasks.json", { redirect: "manual" });
    if (answer.type === "opaqueredirect") signedOut = true;
    // What the worker kept of an earlier answer is not news.
    if (answer.ok && !answer.headers.has("X-Sizao-Kept")) {
      const news = await answer.json();
      if (news.user === user) {
        found = news;
        base = { server: found.now, here: Date.now() };
      }
      online = true;
      signedOut = false;
    } else if (answer.headers.has("X-Sizao-Kept")) online = false;
  } catch {
    online = false;
  }
  await show();
}

// Showing

/** The task as it will be when the queue is through. */
function ahead(task) {
  const own = waiting.filter((one) => one.case === task.id && one.state === "waiting");
  let { state, arrived } = task;
  for (const one of own) {
    if (AFTER[one.action]) state = AFTER[one.action];
    else if (one.action === "measure" && ["signed", "dispatched", "on_scene"].includes(state)) state = "controlled";
    arrived ||= one.action === "arrive";
  }
  return { ...task, state, arrived, pending: own.length, said: own.length && words[state] ? words[state] : task.state_word };
}

function actions(task) {
  const found = [];
  if (task.state === "raised") found.push("sign");
  if (["signed", "dispatched", "controlled"].includes(task.state) && task.units.length && !task.arrived) found.push("arrive");
  if (task.state !== "raised" && task.state !== "resolved") found.push("measure");
  if (["signed", "on_scene", "controlled"].includes(task.state)) found.push("resolve");
  return task.state === "controlled" ? found.reverse() : found;
}

function card(given) {
  const task = ahead(given);
  const buttons = element("div", { class: "sz-field-actions" });
  actions(task).forEach((action, index) => {
    const button = element("button", { type: "button", class: `sz-btn sz-btn-lg${index ? "" : " sz-btn-primary"}`, "data-do": action }, say(action));
    button.addEventListener("click", () => press(task, action));
    buttons.append(button);
  });
  const input = element("input", { type: "file", accept: "image/*", capture: "environment", "aria-label": say("photo") });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) act(task, "photo", {}, file);
    input.value = "";
  });
  buttons.append(element("label", { class: "sz-btn sz-btn-lg", "data-do": "photo" }, say("photo"), input));
  const away = task.lat === null ? null : element("a", { class: "sz-field-way", href: `geo:${task.lat},${task.lon}` }, icon("pin"), say("navigate"));
  return element(
    "article",
    { class: "sz-card sz-field-task", "data-task": task.id, "data-level": task.level, "data-state": task.state, "data-pending": task.pending },
    element("p", { class: "sz-field-facts" }, element("b", {}, task.said), task.pending ? ` · ${say("waiting")} ${task.pending}` : "", " ", clockOf(task) ?? ""),
    element("h2", {}, task.drill ? element("span", { class: "sz-chip sz-chip-strong", "data-drill": "" }, say("drill")) : null, task.drill ? " " : "", task.what),
    element("p", { class: "sz-field-place" }, task.place, " ", away ?? ""),
    task.measures.length ? element("p", { class: "sz-muted" }, task.measures.join(" · ")) : null,
    buttons,
  );
}

function clockOf(task) {
  if (!task.deadline) return null;
  const left = task.deadline - now();
  const phase = left < 0 ? "late" : left <= (task.deadline - task.start) / 4 ? "amber" : "normal";
  const minutes = Math.floor(Math.abs(left) / 60);
  const text = `${minutes}:${String(Math.floor(Math.abs(left)) % 60).padStart(2, "0")}`;
  return element("span", { class: "sz-clock", "data-phase": phase }, element("span", {}, say(left < 0 ? "late" : "left")), element("b", {}, text));
}

/** An action that the server did not take: what happened meanwhile, and the officer's choice. */
function trouble(entry) {
  const { answer } = entry;
  const list = element("ul", {});
  for (const one of answer.events ?? []) {
    const at = new Date(one.at * 1000).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false, hour: "2-digit", minute: "2-digit" });
    list.append(element("li", {}, `${at} ${one.who}：${either(one.zh, one.en)}`));
  }
  const again = element("button", { type: "button", class: "sz-btn sz-btn-lg sz-btn-primary", "data-choice": "again" }, say("again"));
  again.addEventListener("click", async () => {
    await keep({ ...entry, state: "waiting", answer: null, given: { ...entry.given, version: answer.version ?? entry.given.version } });
    await show();
    sync();
  });
  const drop = element("button", { type: "button", class: "sz-btn sz-btn-lg", "data-choice": "drop" }, say("drop"));
  drop.addEventListener("click", async () => {
    if (answer.result === "invalid") await remove(entry.client_id);
    else await keep({ ...entry, state: "waiting", answer: null, given: { ...entry.given, drop: true } });
    await show();
    sync();
  });
  const said = answer.result === "conflict" ? "" : either(...(answer.said ?? ["", ""]));
  return element(
    "article",
    { class: "sz-card sz-field-trouble", role: "alert", "data-trouble": entry.action, "data-kind": entry.state },
    element("p", {}, element("b", {}, `${say(entry.state)}：${say(entry.action)}`)),
    element("p", {}, `${entry.number} ${entry.what}`),
    said ? element("p", {}, said) : null,
    list.children.length ? element("p", { class: "sz-muted" }, say("meanwhile")) : null,
    list.children.length ? list : null,
    element("div", { class: "sz-field-actions" }, answer.possible && !answer.closed ? again : null, drop),
  );
}

async function show() {
  waiting = await queued(user);
  const troubles = waiting.filter((one) => one.state !== "waiting").map(trouble);
  const cards = found.tasks.map(card);
  const none = element("p", { class: "sz-empty" }, icon("check"), element("strong", {}, say("none")));
  main.replaceChildren(...troubles, ...(cards.length || troubles.length ? cards : [none]));
  const open = waiting.filter((one) => one.state === "waiting").length;
  const state = document.querySelector("[data-field-state]");
  state.textContent = signedOut ? say("sign_in") : open ? say("n_waiting", { n: open }) : waiting.length ? say("conflict") : say("all_sent");
  state.dataset.waiting = open;
  document.querySelector("[data-field-offline]").hidden = online;
}

// Starting

function dress() {
  const hour = new Date().getHours();
  if (hour >= NIGHT.from || hour < NIGHT.to) document.documentElement.dataset.bsTheme = "dark";
}

async function keepPage() {
  if (!navigator.serviceWorker) return;
  const registered = await navigator.serviceWorker.register("/field/worker.js", { scope: "/field/" });
  await navigator.serviceWorker.ready;
  const files = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => new URL(name).pathname.startsWith("/static/"));
  const channel = new MessageChannel();
  channel.port1.onmessage = () => (document.body.dataset.kept = "yes");
  (registered.active ?? registered.waiting)?.postMessage({ keep: [...new Set(files)] }, [channel.port2]);
}

dress();
addEventListener("online", () => { pause = AGAIN_MS.first; sync(); refresh(); });
addEventListener("offline", () => { online = false; show(); });
document.body.addEventListener("sizao:changed", () => refresh());
document.addEventListener("visibilitychange", () => { if (!document.hidden) { sync(); refresh(); } });
setInterval(() => { if (!document.hidden) refresh(); }, REFRESH_MS);
navigator.storage?.persist?.();
await show();
sync();
refresh();
keepPage().catch(() => {});
