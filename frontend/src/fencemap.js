// Electronic fences: shown on a map, and drawn on it corner by corner.
import { corners, crosses, readCorners, rounded, writeCorners } from "./corners.js";
import { makeMap, maplibregl, whenReady } from "./mapbase.js";
import { palette } from "./mapstyle.js";
import { circle } from "./presencemap.js";
import { say } from "./words.js";

const EMPTY = { type: "FeatureCollection", features: [] };

function addShapes(map, data) {
  map.addSource("fences", { type: "geojson", data });
  map.addLayer({ id: "fences-fill", type: "fill", source: "fences", paint: { "fill-color": palette().place, "fill-opacity": 0.1 } });
  map.addLayer({ id: "fences-line", type: "line", source: "fences", filter: ["!", ["to-boolean", ["get", "wanted"]]], paint: { "line-color": palette().place, "line-width": 1.4 } });
  map.addLayer({ id: "fences-wanted", type: "line", source: "fences", filter: ["to-boolean", ["get", "wanted"]], paint: { "line-color": palette().place, "line-width": 2, "line-dasharray": [2, 2] } });
}

function boxOf(features) {
  const box = new maplibregl.LngLatBounds();
  const walk = (part) => (typeof part[0] === "number" ? box.extend(part) : part.forEach(walk));
  features.forEach(({ geometry }) => walk(geometry.coordinates));
  return box;
}

/** The list's map, where a click opens a fence, and the map of one fence. */
function show(element) {
  const map = makeMap(element, { padding: 10 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  whenReady(map, async () => {
    const own = element.dataset.fenceShapes;
    const data = own ? JSON.parse(own) : await (await fetch(element.dataset.shapes)).json();
    addShapes(map, data);
    element.dataset.fences = data.features.length;
    if (own) {
      if (data.features.length) map.fitBounds(boxOf(data.features), { padding: 40, maxZoom: 15, duration: 0 });
      return;
    }
    map.on("mouseenter", "fences-fill", () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", "fences-fill", () => (map.getCanvas().style.cursor = ""));
    map.on("click", "fences-fill", ({ features }) => location.assign(`/fences/${features[0].properties.number}/`));
  });
}

/** Points of a geometry that can be drawn here, or null: holes and several areas cannot. */
function pointsOf(geometry) {
  if (geometry.type === "Point") return [geometry.coordinates];
  if (geometry.type === "LineString") return geometry.coordinates;
  if (geometry.type === "Polygon" && geometry.coordinates.length === 1) return geometry.coordinates[0].slice(0, -1);
  return null;
}

/** The geometry of points drawn so far, or null while there are too few. */
export function geometryOf(type, points) {
  if (type === "Point") return points.length ? { type, coordinates: points.at(-1) } : null;
  if (type === "LineString") return points.length > 1 ? { type, coordinates: points } : null;
  return points.length > 2 ? { type, coordinates: [[...points, points[0]]] } : null;
}

function draw(form) {
  const element = form.querySelector("[data-fence-draw]");
  const field = form.elements.geometry;
  const reach = form.elements.reach;
  const shapes = form.querySelectorAll("[data-fence-shape] button");
  const given = field.value ? JSON.parse(field.value) : { type: "Polygon", coordinates: [[]] };
  let type = given.type === "MultiPolygon" ? "Polygon" : given.type;
  let points = pointsOf(given);
  let kept = points === null ? given : null; // drawn elsewhere, and kept until cleared
  points ??= [];
  const typed = form.querySelector("[data-fence-typed]");
  const wrong = form.querySelector("[data-fence-wrong]");
  const map = makeMap(element, { padding: 10 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");

  function outline() {
    const geometry = kept ?? geometryOf(type, points);
    if (!geometry) return { type: "LineString", coordinates: points };
    if (geometry.type !== "Point") return geometry;
    const ring = circle(geometry.coordinates, Number(reach.value) || 200);
    return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
  }
  /** Metres to both sides, in pixels of each zoom. */
  function widen() {
    const metres = type === "LineString" && points.length ? 2 * Number(reach.value) || 0 : 0;
    const pixels = metres / (78_271.5 * Math.cos(((points[0]?.[1] ?? 0) * Math.PI) / 180));
    if (map.getLayer("own-corridor")) map.setPaintProperty("own-corridor", "line-width", ["interpolate", ["exponential", 2], ["zoom"], 0, pixels, 24, pixels * 2 ** 24]);
  }
  function refresh() {
    const geometry = kept ?? geometryOf(type, points);
    widen();
    field.value = geometry ? JSON.stringify(geometry) : "";
    map.getSource("own")?.setData({ type: "Feature", properties: {}, geometry: outline() });
    element.dataset.corners = points.length;
    if (document.activeElement !== typed) typed.value = writeCorners(points);
    typed.setCustomValidity("");
    wrong.hidden = type !== "Polygon" || !crosses(points);
    form.querySelector("[data-fence-reach]").hidden = type === "Polygon";
    reach.required = type !== "Polygon";
    for (const button of shapes) button.setAttribute("aria-current", button.value === type);
  }
  const editor = corners(
    map,
    points,
    (now) => {
      points = now;
      refresh();
    },
    type === "Point" ? 1 : Infinity,
  );
  whenReady(map, async () => {
    const others = await (await fetch(element.dataset.shapes)).json();
    others.features = others.features.filter(({ properties }) => String(properties.number) !== element.dataset.own);
    addShapes(map, others);
    map.addSource("own", { type: "geojson", data: EMPTY });
    // A line is no area, though the map would fill one; a corridor is as wide as it will be.
    map.addLayer({ id: "own-fill", type: "fill", source: "own", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": palette().place, "fill-opacity": 0.25 } });
    map.addLayer({ id: "own-corridor", type: "line", source: "own", filter: ["==", ["geometry-type"], "LineString"], layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": palette().place, "line-opacity": 0.25 } });
    widen();
    map.addLayer({ id: "own-line", type: "line", source: "own", paint: { "line-color": palette().place, "line-width": 2.5 } });
    map.on("click", ({ lngLat }) => kept || editor.add(rounded(lngLat)));
    editor.redraw();
    const geometry = kept ?? geometryOf(type, points);
    if (geometry) map.fitBounds(boxOf([{ geometry: outline() }]), { padding: 60, maxZoom: 15, duration: 0 });
    element.dataset.ready = "yes";
  });
  for (const button of shapes) {
    button.addEventListener("click", () => {
      if (kept) return;
      type = button.value;
      editor.limit(type === "Point" ? 1 : Infinity);
    });
  }
  reach.addEventListener("input", refresh);
  form.querySelector("[data-fence-undo]").addEventListener("click", () => {
    editor.undo();
  });
  form.querySelector("[data-fence-clear]").addEventListener("click", () => {
    kept = null;
    editor.set([]);
  });
  typed.addEventListener("change", () => {
    const read = kept ? null : readCorners(typed.value);
    typed.setCustomValidity(read ? "" : say("no_corners"));
    typed.reportValidity();
    if (!read) return;
    editor.set(read);
    if (read.length) map.fitBounds(boxOf([{ geometry: outline() }]), { padding: 60, maxZoom: 15, duration: 0 });
  });
  refresh();
}

/** Only the fields that a fence of this kind has. */
function fields(form) {
  const kind = form.elements.kind;
  const sort = () => {
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind.value);
  };
  kind.addEventListener("change", sort);
  sort();
}

/** "22:30" of what was typed, as the server reads it; null for what is no time. */
export function clockOf(text) {
  const found = /^(\d{1,2})\s*[:.]?\s*(\d{2})$/.exec(text.normalize("NFKC").trim());
  if (!found) return null;
  const [hour, minute] = [Number(found[1]), Number(found[2])];
  if (minute > 59 || hour > 24 || (hour === 24 && minute)) return null;
  return `${String(hour % 24).padStart(2, "0")}:${found[2]}`;
}

/** The days at a press, and whether an end is on the day after. */
function times(form) {
  for (const row of form.querySelectorAll("[data-window]")) {
    const [from, to] = row.querySelectorAll(".sz-clockfield");
    const told = () => {
      const [begin, end] = [clockOf(from.value), clockOf(to.value)];
      row.querySelector("[data-over]").hidden = !begin || !end || end > begin;
    };
    for (const field of [from, to]) {
      field.addEventListener("input", told);
      field.addEventListener("change", () => {
        field.value = field.value.trim() && (clockOf(field.value) ?? field.value);
        field.setCustomValidity(!field.value || clockOf(field.value) ? "" : say("no_clock"));
        field.reportValidity();
      });
      field.addEventListener("input", () => field.setCustomValidity(""));
    }
    for (const button of row.querySelectorAll("[data-days]")) {
      button.addEventListener("click", () => {
        for (const day of row.querySelectorAll("input[type=checkbox]")) day.checked = button.dataset.days.includes(day.value);
      });
    }
    told();
  }
}

export function startFences() {
  document.querySelectorAll("[data-fence-map]").forEach(show);
  const form = document.querySelector("[data-fence-form]");
  if (!form) return;
  fields(form);
  times(form);
  draw(form);
}
