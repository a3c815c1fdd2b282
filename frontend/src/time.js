// Feed time, clocks and relative times. A demonstration may run faster than the wall clock, so
// the server says what feed time it is and how fast it goes; the browser counts on from there.
import { say } from "./words.js";

const body = document.body.dataset;
let base = Number(body.feedNow) || Date.now() / 1000;
let since = Date.now();
const factor = Number(body.feedFactor) || 1;
const ZONE = "Asia/Shanghai";
const clockFormat = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour12: false, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });
const shortFormat = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour12: false, hour: "2-digit", minute: "2-digit" });

/** Feed time, seconds since the epoch. */
export function feedNow() {
  return base + ((Date.now() - since) / 1000) * factor;
}

/** Take the server's word for the present moment. */
export function syncFeed(seconds) {
  if (!Number.isFinite(seconds)) return;
  base = seconds;
  since = Date.now();
}

/** MM-DD in this year, else YYYY-MM-DD; of a day as YYYY-MM-DD. */
function short(day) {
  return day.slice(0, 4) === dayFormat.format(new Date(feedNow() * 1000)).slice(0, 4) ? day.slice(5) : day;
}

/** HH:MM:SS today, MM-DD HH:MM before, with its year if that is another one. */
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const day = dayFormat.format(at);
  if (day === dayFormat.format(new Date(feedNow() * 1000))) return clockFormat.format(at);
  return `${short(day)} ${shortFormat.format(at)}`;
}

/** MM-DD HH:MM:SS, with its year if that is another one: a moment of a recording, which may be of any day. */
export function exact(seconds) {
  const at = new Date(seconds * 1000);
  return `${short(dayFormat.format(at))} ${clockFormat.format(at)}`;
}

/** Hours and minutes, the day at midnight: for an axis that may run over several. */
export function axisMoment(seconds) {
  const at = new Date(seconds * 1000);
  const short = shortFormat.format(at);
  return short === "00:00" ? dayFormat.format(at).slice(5) : short;
}

/** Hours and minutes, for chart axes. */
export function hourMinute(seconds) {
  return shortFormat.format(new Date(seconds * 1000));
}

/** Length of time as 02:31, 1:02:31 or 3 d. */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400);
  if (days >= 2) return say("days", { n: days });
  const hours = Math.floor(whole / 3600);
  const minutes = String(Math.floor(whole / 60) % 60).padStart(2, "0");
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${minutes}:${rest}` : `${minutes}:${rest}`;
}

/** "3 minutes ago" in the user's language. */
export function ago(seconds) {
  const past = feedNow() - seconds;
  if (past < 10) return say("just_now");
  if (past < 60) return say("seconds_ago", { n: Math.floor(past) });
  if (past < 3600) return say("minutes_ago", { n: Math.floor(past / 60) });
  if (past < 86400) return say("hours_ago", { n: Math.floor(past / 3600) });
  return moment(seconds);
}

function tickClock(clock, now) {
  const deadline = Number(clock.dataset.deadline);
  const start = Number(clock.dataset.start);
  const left = deadline - now;
  const phase = left < 0 ? "late" : left <= (deadline - start) / 4 ? "amber" : "normal";
  if (clock.dataset.phase !== phase) clock.dataset.phase = phase;
  const text = span(Math.abs(left));
  const word = say(left < 0 ? "late" : "left");
  const label = clock.querySelector("span");
  const digits = clock.querySelector("b");
  if (label && label.textContent !== word) label.textContent = word;
  if (digits && digits.textContent !== text) digits.textContent = text;
}

/** Bring every clock and relative time of the page up to date. */
export function tick(root = document) {
  const now = feedNow();
  for (const clock of root.querySelectorAll(".sz-clock[data-deadline]")) tickClock(clock, now);
  for (const item of root.querySelectorAll("time[data-ago]")) {
    const text = ago(Number(item.dataset.ago));
    if (item.textContent !== text) item.textContent = text;
  }
  for (const item of root.querySelectorAll(".sz-feedclock")) item.textContent = clockFormat.format(new Date(now * 1000));
}

export function startTime() {
  tick();
  setInterval(tick, 1000);
}
