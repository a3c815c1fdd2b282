// The small map beside a case, a vehicle or a table: where it happened, and the track to there.
import { makeMap, maplibregl, showTrack, whenReady } from "./mapbase.js";
import { track } from "./speedchart.js";

function start(element) {
  const data = element.dataset;
  const lat = Number.parseFloat(data.lat);
  const lon = Number.parseFloat(data.lon);
  const map = makeMap(element, { padding: 30 });
  map.scrollZoom.disable();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  if (Number.isFinite(lat)) {
    map.jumpTo({ center: [lon, lat], zoom: 13 });
    const template = document.querySelector("[data-place-marker]");
    const marker = document.createElement("div");
    marker.className = "sz-marker";
    marker.dataset.level = data.level ?? "";
    if (template) marker.append(template.content.cloneNode(true));
    new maplibregl.Marker({ element: marker }).setLngLat([lon, lat]).addTo(map);
  }
  if (data.outline && !data.track) whenReady(map, () => showOutline(map, element));
  if (data.places) whenReady(map, () => showPlaces(map, element));
  if (data.hazards) whenReady(map, () => showHazards(map, element));
  if (!data.track) return;
  whenReady(map, async () => {
    const points = await track(data.track).catch(() => []);
    const box = showTrack(map, points);
    element.dataset.points = points.length;
    if (!box) return;
    if (Number.isFinite(lat)) box.extend([lon, lat]);
    map.fitBounds(box, { padding: 34, maxZoom: 14, duration: 0 });
  });
}

/** The area of a warning, as a line round it. */
function showOutline(map, element) {
  const shape = JSON.parse(element.dataset.outline);
  if (!shape) return;
  const rings = shape.type === "Polygon" ? shape.coordinates : shape.coordinates.flat();
  const features = rings.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } }));
  map.getSource("track")?.setData({ type: "FeatureCollection", features });
  const box = new maplibregl.LngLatBounds();
  for (const corner of rings.flat()) box.extend(corner);
  element.dataset.outlined = rings.length;
  map.fitBounds(box, { padding: 34, maxZoom: 14, duration: 0 });
}

/** Points of a table that is about to be imported, and the box around most of them. */
function showPlaces(map, element) {
  const places = JSON.parse(document.getElementById(element.dataset.places).textContent);
  const features = places.map((coordinates) => ({ type: "Feature", properties: { over: true }, geometry: { type: "Point", coordinates } }));
  map.getSource("track")?.setData({ type: "FeatureCollection", features });
  element.dataset.shown = places.length;
  if (!places.length) return;
  // A few wrong points must not shrink the rest to a dot: the outer percent is left out.
  const edge = (axis, share) => places.map((place) => place[axis]).sort((a, b) => a - b)[Math.round((places.length - 1) * share)];
  const box = new maplibregl.LngLatBounds([edge(0, 0.01), edge(1, 0.01)], [edge(0, 0.99), edge(1, 0.99)]);
  map.fitBounds(box, { padding: 34, maxZoom: 14, duration: 0 });
}

/** Open hazards as dots, late ones on top; a click opens one. */
async function showHazards(map, element) {
  const answer = await fetch(element.dataset.hazards);
  if (!answer.ok) return;
  const found = await answer.json();
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const late = ["get", "late"];
  map.addSource("hazards", { type: "geojson", data: found });
  map.addLayer({
    id: "hazards",
    type: "circle",
    source: "hazards",
    layout: { "circle-sort-key": ["case", late, 1, 0] },
    paint: {
      "circle-radius": ["case", late, 6.5, 5],
      "circle-color": ["case", late, ink("--sz-late-text"), ink("--sz-accent")],
      "circle-stroke-color": ink("--sz-surface"),
      "circle-stroke-width": 1.5,
    },
  });
  map.on("click", "hazards", (event) => location.assign(`/hazards/${event.features[0].properties.number}/`));
  map.on("mouseenter", "hazards", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "hazards", () => (map.getCanvas().style.cursor = ""));
  element.dataset.shown = found.features.length;
}

export function startMinimaps() {
  document.querySelectorAll("[data-minimap]").forEach(start);
}
