// Playback: vehicles on the map, speed over time, one clock for both.
//
// A silence longer than the gap breaks line and curve; during it the vehicle stands, hollow, where
// it was last seen. Nothing is drawn between two points that far apart, because nobody was there.
import { speedChart } from "./playchart.js";
import { playMap } from "./playmap.js";
import { gapsOf, knownSpan, neighbour, stateAt } from "./playtrack.js";
import { startPresence } from "./presencemap.js";
import { exact } from "./time.js";
import { say } from "./words.js";

const STEP_S = 10;

async function load(tracks) {
  return Promise.all(
    tracks.map(async (one) => {
      const response = await fetch(one.url, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(await why(response));
      return { ...one, ...(await response.json()) };
    }),
  );
}

/** What the server said of it, in words; else that it failed. */
async function why(response) {
  const said = await response.json().catch(() => null);
  return typeof said?.error === "string" ? said.error : say("track_failed");
}

/** Only one part of the player stays, because there is nothing to play. */
function leave(root, only) {
  for (const part of root.children) part.hidden = part.tagName !== "SCRIPT" && part !== only;
}

async function start(root) {
  const data = JSON.parse(document.getElementById("sz-player").textContent);
  const find = (name) => root.querySelector(`[data-${name}]`);
  const note = find("play-note");
  let tracks;
  try {
    tracks = await load(data.tracks);
  } catch (error) {
    // A request that was never answered has a message of the browser's own, in its language.
    find("play-why").textContent = error instanceof TypeError ? say("track_failed") : error.message;
    find("play-again").addEventListener("click", () => location.reload());
    leave(root, find("play-failed"));
    root.dataset.failed = String(error);
    return;
  }
  const gaps = tracks.flatMap((track) => gapsOf(track, data.gap));
  const points = tracks.reduce((sum, track) => sum + track.t.length, 0);
  note.textContent = points ? `${say("points", { n: points })} · ${say("gaps", { n: gaps.length })}` : say("no_track");
  root.dataset.points = points;
  root.dataset.gaps = gaps.length;
  if (!points && !data.ring.length) {
    // Nothing to play: the question of another time is the only thing to do.
    leave(root, find("play-empty"));
    root.dataset.ready = "yes";
    return;
  }

  let map = null;
  try {
    map = playMap(find("playmap"), tracks, data);
  } catch (error) {
    // No WebGL, most likely: the chart and the time line still work.
    find("playmap").hidden = true;
    find("map-failed").hidden = false;
    console.error(error);
  }
  const chart = speedChart(find("playchart"), tracks, data);

  const scrub = find("play-scrub");
  const clock = find("play-clock");
  const told = find("play-state");
  const toggle = find("play-toggle");
  const speed = find("play-speed");
  const head = find("playhead");
  const whole = find("play-whole");
  let [from, to] = [data.from, data.to];
  function look(all) {
    [from, to] = all || !known ? [data.from, data.to] : known;
    scrub.min = from;
    scrub.max = to;
    chart.range(from, to);
    whole.setAttribute("aria-pressed", String(all));
    root.dataset.whole = all ? "yes" : "no";
  }
  // Of a day that was asked for whole a lorry drives some hours: those fill the time line, and
  // the rest is one press away.
  const known = knownSpan(tracks, data.marks, data.from, data.to);
  const little = known !== null && known[1] - known[0] < (data.to - data.from) / 2;
  whole.hidden = !little;
  look(!little);
  const firsts = tracks.filter((track) => track.t.length).map((track) => track.t[0]);
  let now = firsts.length ? Math.max(data.at, Math.min(...firsts)) : data.at;
  let playing = false;
  let before = 0;

  function show() {
    scrub.value = now;
    clock.textContent = exact(now);
    root.dataset.now = now.toFixed(1);
    const states = tracks.map((track) => stateAt(track, now, data.gap));
    map?.show(states, playing);
    const x = chart.at(now);
    head.hidden = x === null;
    if (x !== null) head.style.transform = `translateX(${x}px)`;
    const first = states[0];
    if (tracks.length > 1) told.textContent = "";
    else if (!first || !first.known) told.textContent = say("gap");
    else {
      const limit = first.limit === null ? "" : ` · ${say("limit")} ${first.limit} km/h`;
      told.textContent = first.speed === null ? "—" : `${Math.round(first.speed)} km/h${limit}`;
    }
  }
  function seek(t) {
    if (t < from || t > to) look(true); // a mark or a key led out of what is shown
    now = Math.min(Math.max(t, from), to);
    show();
  }
  /** To the next position of whichever vehicle has one. */
  function point(way) {
    const found = tracks.map((track) => neighbour(track.t, now, way)).filter((t) => t !== null && t >= data.from && t <= data.to);
    if (found.length) seek(way > 0 ? Math.min(...found) : Math.max(...found));
  }
  function mark(way) {
    const starts = data.marks.map((one) => Math.max(one.from, data.from)).sort((a, b) => a - b);
    const next = way > 0 ? starts.find((t) => t > now + 0.5) : starts.findLast((t) => t < now - 0.5);
    if (next !== undefined) seek(next);
  }
  function faster(way) {
    speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + way, 0), speed.options.length - 1);
  }
  function frame(moment) {
    if (!playing) return;
    // A tab in the background gets few frames: never jump further than a second's worth.
    const passed = Math.min((moment - before) / 1000, 1);
    before = moment;
    seek(Math.min(now + passed * Number(speed.value), to));
    if (now >= to) play(false);
    else requestAnimationFrame(frame);
  }
  function play(on) {
    playing = on;
    toggle.setAttribute("aria-pressed", String(on));
    toggle.querySelector("[data-when-playing]").hidden = !on;
    toggle.querySelector("[data-when-paused]").hidden = on;
    root.dataset.playing = on ? "yes" : "no";
    if (!on) return;
    if (now >= to) now = from;
    before = performance.now();
    requestAnimationFrame(frame);
  }
  // After a click the space plays again, and does not press the same button once more.
  root.addEventListener("click", (event) => event.detail && event.target.closest("button")?.blur());
  toggle.addEventListener("click", () => play(!playing));
  find("play-back").addEventListener("click", () => seek(now - STEP_S));
  find("play-forward").addEventListener("click", () => seek(now + STEP_S));
  for (const button of root.querySelectorAll("[data-play-point]")) button.addEventListener("click", () => point(Number(button.dataset.playPoint)));
  for (const button of root.querySelectorAll("[data-play-mark]")) button.addEventListener("click", () => mark(Number(button.dataset.playMark)));
  whole.addEventListener("click", () => {
    look(whole.getAttribute("aria-pressed") !== "true");
    seek(Math.min(Math.max(now, from), to));
  });
  scrub.addEventListener("input", () => seek(Number(scrub.value)));
  chart.onPick(seek);
  map?.onPick((track, index) => seek(tracks[track].t[index]));
  document.addEventListener("click", (event) => {
    const seeker = event.target.closest("[data-seek]");
    if (seeker) seek(Number(seeker.dataset.seek));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (field && field !== scrub) return;
    if (event.key === " ") {
      // A focused button would be pressed by the space as well.
      if (event.target.closest?.("button, a, summary") && event.target !== toggle) return;
      play(!playing);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const step = event.shiftKey ? 60 : STEP_S;
      seek(now + (event.key === "ArrowLeft" ? -step : step));
    } else if (event.key === "," || event.key === ".") point(event.key === "," ? -1 : 1);
    else if (event.key === "n" || event.key === "p") mark(event.key === "n" ? 1 : -1);
    else if (event.key === "[" || event.key === "]") faster(event.key === "[" ? -1 : 1);
    else if (event.key === "Home" || event.key === "End") seek(event.key === "Home" ? from : to);
    else return;
    event.preventDefault();
  });
  chart.onResize(show);
  show();
  find("play-bar").inert = false;
  root.dataset.ready = "yes";
}

for (const mark of document.querySelectorAll("[data-playback]")) start(mark);
startPresence();

