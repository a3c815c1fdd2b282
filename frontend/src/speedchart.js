// Speed over time as a small SVG: the line, the limit in force, and where it was passed.
import { hourMinute } from "./time.js";
import { say } from "./words.js";

const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 150;
const PAD = { left: 34, right: 8, top: 20, bottom: 20 };

function node(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * Draw into an <svg>. `points` are {t: epoch seconds, speed: km/h, limit: km/h or null} in time
 * order; a gap of more than two minutes breaks the line instead of inventing a straight one.
 */
export function drawSpeed(svg, points, { from, to } = {}) {
  svg.replaceChildren();
  const known = points.filter((point) => point.speed !== null && point.speed !== undefined);
  if (known.length < 2) {
    svg.append(node("text", { x: 8, y: 24 }, say("no_track")));
    return;
  }
  const width = svg.clientWidth || 360;
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const start = known[0].t;
  const end = known.at(-1).t;
  const top = Math.ceil((Math.max(...known.map((point) => Math.max(point.speed, point.limit ?? 0))) + 5) / 20) * 20;
  const x = (t) => PAD.left + ((t - start) / Math.max(1, end - start)) * (width - PAD.left - PAD.right);
  const y = (value) => HEIGHT - PAD.bottom - (value / top) * (HEIGHT - PAD.top - PAD.bottom);

  const step = top > 100 ? 40 : 20;
  for (let value = 0; value <= top; value += step) {
    svg.append(node("line", { class: "grid", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }));
    svg.append(node("text", { x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, value));
  }
  const ticks = Math.max(2, Math.floor(width / 110));
  for (let index = 0; index <= ticks; index += 1) {
    const t = start + ((end - start) * index) / ticks;
    const anchor = index === 0 ? "start" : index === ticks ? "end" : "middle";
    svg.append(node("text", { x: x(t), y: HEIGHT - 5, "text-anchor": anchor }, hourMinute(t)));
  }
  if (from && to && to > start && from < end) {
    svg.append(node("rect", { class: "over", x: x(Math.max(from, start)), y: PAD.top, width: Math.max(2, x(Math.min(to, end)) - x(Math.max(from, start))), height: HEIGHT - PAD.top - PAD.bottom }));
  }
  let speed = "";
  let limit = "";
  known.forEach((point, index) => {
    const before = known[index - 1];
    const gap = !before || point.t - before.t > 120;
    speed += `${gap ? "M" : "L"}${x(point.t).toFixed(1)} ${y(point.speed).toFixed(1)}`;
    if (point.limit) {
      const fresh = gap || !before.limit;
      limit += fresh ? `M${x(point.t).toFixed(1)} ${y(point.limit).toFixed(1)}` : `H${x(point.t).toFixed(1)}V${y(point.limit).toFixed(1)}`;
    }
  });
  svg.append(node("path", { class: "limit", d: limit }), node("path", { class: "speed", d: speed }));
  svg.append(node("text", { x: 4, y: 10 }, "km/h"));
}

/** Fetch a track. Returns points {t, lat, lon, speed, limit, heading}, oldest first. */
export async function fetchTrack(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  const data = await response.json();
  return (data.items ?? data.points ?? []).map((item) => ({
    t: typeof item.time === "number" ? item.time : Date.parse(item.time) / 1000,
    lat: item.lat,
    lon: item.lon,
    speed: item.speed_kmh,
    limit: item.limit_kmh ?? null,
    heading: item.heading_deg,
  }));
}

const waiting = new Map();
/** One request a URL, however many parts of the page want the track. */
export function track(url) {
  if (!waiting.has(url)) waiting.set(url, fetchTrack(url));
  return waiting.get(url);
}

async function fill(svg) {
  try {
    const points = await track(svg.dataset.track);
    drawSpeed(svg, points, { from: Number(svg.dataset.from), to: Number(svg.dataset.to) });
    svg.dataset.points = points.length;
  } catch {
    svg.replaceChildren(node("text", { x: 8, y: 24 }, say("track_failed")));
  }
}

export function startSpeedCharts() {
  const all = (root) => {
    if (root.matches?.("svg[data-track]")) fill(root);
    root.querySelectorAll?.("svg[data-track]").forEach(fill);
  };
  all(document);
  document.body.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) all(event.detail.elt);
  });
}
