// Choosing the area of a question: one corner is the centre of a circle, three or more a polygon.
import { corners, crosses, km2, readCorners, rounded, writeCorners } from "./corners.js";
import { makeMap, maplibregl, whenReady } from "./mapbase.js";
import { palette } from "./mapstyle.js";
import { say } from "./words.js";

const CORNERS = 24;
const METRES_A_DEGREE = 111_195;

/** Corners of a circle of `metres` around [lon, lat]. */
export function circle([lon, lat], metres) {
  const wide = METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: CORNERS }, (_, number) => {
    const angle = (2 * Math.PI * number) / CORNERS;
    return [Number((lon + (Math.sin(angle) * metres) / wide).toFixed(6)), Number((lat + (Math.cos(angle) * metres) / METRES_A_DEGREE).toFixed(6))];
  });
}

function draw(form) {
  const find = (name) => form.querySelector(`[data-presence-${name}]`);
  const element = find("map");
  const field = form.elements.ring;
  const centre = form.elements.centre;
  const radius = form.elements.radius;
  const note = find("note");
  const typed = find("typed");
  const told = note.textContent;
  const map = makeMap(element, { padding: 10 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  // What was asked before: the centre and its radius, else the corners.
  const given = centre.value ? [JSON.parse(centre.value)] : field.value ? JSON.parse(field.value) : [];
  let points = given;

  function changed(now) {
    points = now;
    const ring = points.length === 1 ? circle(points[0], Number(radius.value)) : points;
    field.value = ring.length > 2 ? JSON.stringify(ring) : "";
    centre.value = points.length === 1 ? JSON.stringify(points[0]) : "";
    if (document.activeElement !== typed) typed.value = writeCorners(points);
    typed.setCustomValidity("");
    const closed = ring.length ? [...ring, ring[0]] : [];
    map.getSource("ring")?.setData({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: closed } });
    element.dataset.corners = ring.length;
    const wrong = crosses(points);
    note.classList.toggle("sz-wrong", wrong);
    if (wrong) note.textContent = say("crossing");
    else if (!points.length) note.textContent = told;
    else {
      const area = km2(ring);
      const size = area ? ` · ${area < 10 ? area.toFixed(2) : area.toFixed(0)} km²` : "";
      note.textContent = (points.length === 1 ? say("circle") : say("corners", { n: points.length })) + size;
    }
  }
  const editor = corners(map, points, changed);
  whenReady(map, () => {
    map.addSource("ring", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({ id: "ring", type: "line", source: "ring", paint: { "line-color": palette().place, "line-width": 2.5 } });
    map.on("click", ({ lngLat }) => editor.add(rounded(lngLat)));
    editor.redraw();
    look();
    element.dataset.ready = "yes";
  });
  function look() {
    const ring = field.value ? JSON.parse(field.value) : points;
    if (ring.length) map.fitBounds(ring.reduce((box, corner) => box.extend(corner), new maplibregl.LngLatBounds()), { padding: 60, maxZoom: 15, duration: 0 });
  }
  radius.addEventListener("change", () => changed(points));
  find("undo").addEventListener("click", () => editor.undo());
  find("clear").addEventListener("click", () => editor.set([]));
  typed.addEventListener("change", () => {
    const read = readCorners(typed.value);
    typed.setCustomValidity(read ? "" : say("no_corners"));
    typed.reportValidity();
    if (!read) return;
    editor.set(read);
    look();
  });
}

export function startPresence() {
  const form = document.querySelector("[data-presence]");
  if (!form) return;
  // A map that is folded away has no size: it is made when it is opened.
  const folded = form.querySelector("[data-presence-area]");
  if (folded.open) draw(form);
  else folded.addEventListener("toggle", () => draw(form), { once: true });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "csv") return; // a file leaves the page as it is
    const waiting = form.querySelector("[data-presence-wait]");
    waiting.hidden = false;
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
