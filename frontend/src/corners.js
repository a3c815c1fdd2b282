// Corners on a map that people set, move and take away, with the mouse, a finger or the keyboard.
//
// A click adds one. A corner is dragged; double-click, or Delete when it has the focus, takes it
// away; arrow keys move it (with Shift ten times as far). Every step can be taken back.
import { maplibregl } from "./mapbase.js";
import { say } from "./words.js";

const DIGITS = 6; // 0.1 m
const NUDGE_PX = 2;
const KEPT = 100;

export const rounded = ({ lng, lat }) => [Number(lng.toFixed(DIGITS)), Number(lat.toFixed(DIGITS))];

/** "lat, lon" a line, as it is read out over the radio; null for a line that is no place. */
export function readCorners(text) {
  const lines = text.split(/[\n;；]/).map((line) => line.trim()).filter(Boolean);
  const found = lines.map((line) => line.split(/[\s,，]+/).map(Number));
  const fit = ([lat, lon, ...rest]) => !rest.length && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return found.every(fit) ? found.map(([lat, lon]) => [lon, lat]) : null;
}

export const writeCorners = (points) => points.map(([lon, lat]) => `${lat}, ${lon}`).join("\n");

/** Whether two edges of a closed ring cross: such an outline has no inside. */
export function crosses(ring) {
  const side = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
  const edge = (at) => [ring[at], ring[(at + 1) % ring.length]];
  for (let one = 0; one < ring.length; one += 1) {
    for (let other = one + 2; other < ring.length; other += 1) {
      if (one === 0 && other === ring.length - 1) continue; // neighbours
      const [[a, b], [c, d]] = [edge(one), edge(other)];
      if (side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b)) return true;
    }
  }
  return false;
}

/** Square kilometres of a small ring of [lon, lat]. */
export function km2(ring) {
  if (ring.length < 3) return 0;
  const north = 111.195;
  const east = north * Math.cos((ring[0][1] * Math.PI) / 180);
  const twice = ring.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = ring[(at + 1) % ring.length];
    return sum + (x - ring[0][0]) * (nextY - ring[0][1]) - (nextX - ring[0][0]) * (y - ring[0][1]);
  }, 0);
  return Math.abs(twice / 2) * north * east;
}

/**
 * The corners on `map`. `changed(points)` hears of every change; `most` is how many there may be
 * (a further click moves the last one).
 */
export function corners(map, points, changed, most = Infinity) {
  let pins = [];
  let limit = most;
  const past = [];
  const keep = () => {
    past.push(points.map((point) => [...point]));
    if (past.length > KEPT) past.shift();
  };
  function pinOf(point, at) {
    const dot = document.createElement("button");
    dot.type = "button";
    dot.className = "sz-corner";
    const pin = new maplibregl.Marker({ element: dot, draggable: true }).setLngLat(point).addTo(map);
    dot.setAttribute("aria-label", say("corner", { n: at + 1 }));
    const remove = () => {
      keep();
      points.splice(at, 1);
      redraw();
      pins[Math.min(at, pins.length - 1)]?.getElement().focus();
    };
    pin.on("dragstart", keep);
    pin.on("drag", () => {
      points[at] = rounded(pin.getLngLat());
      changed(points);
    });
    dot.addEventListener("click", (event) => event.stopPropagation());
    dot.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      remove();
    });
    dot.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Delete" || event.key === "Backspace") remove();
      else if (way) {
        keep();
        const far = NUDGE_PX * (event.shiftKey ? 10 : 1);
        const { x, y } = map.project(points[at]);
        points[at] = rounded(map.unproject([x + way[0] * far, y + way[1] * far]));
        pin.setLngLat(points[at]);
        changed(points);
      } else return;
      event.preventDefault();
      event.stopPropagation(); // the map would move as well
    });
    return pin;
  }
  function redraw() {
    pins.forEach((pin) => pin.remove());
    pins = points.map(pinOf);
    changed(points);
  }
  map.doubleClickZoom.disable();
  return {
    redraw,
    add(point) {
      keep();
      points = points.length < limit ? [...points, point] : [...points.slice(0, limit - 1), point];
      redraw();
    },
    set(others) {
      keep();
      points = others;
      redraw();
    },
    limit(count) {
      limit = count;
      if (points.length > limit) this.set(points.slice(-limit));
      else changed(points);
    },
    undo() {
      if (!past.length) return;
      points = past.pop();
      redraw();
    },
  };
}
