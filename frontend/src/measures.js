// Control measures on a map, and the map on which one is ordered.
//
// What stands as ordered is grey; what needs a person (to approve, to put up, to lift) is bright.
import { makeMap, maplibregl, whenReady } from "./mapbase.js";
import { drawn, palette } from "./mapstyle.js";
import { circle } from "./presencemap.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const RADIUS_M = 1000;
const AGAIN_MS = 30_000;
const shaped = (type) => ["in", ["geometry-type"], ["literal", [type, `Multi${type}`]]];

/** Draw the measures of a GeoJSON address, or given features, below a layer if one is named;
 * returns what redraws them. */
export function showMeasures(map, url, { fit = false, under, wordsFrom = 10 } = {}) {
  const ink = palette();
  const bright = ["case", ["get", "bright"], ink.place, ink.label];
  map.addSource("measures", { type: "geojson", data: EMPTY });
  map.addLayer({ id: "measure-area", type: "fill", source: "measures", filter: shaped("Polygon"), paint: { "fill-color": bright, "fill-opacity": 0.12 } }, under);
  map.addLayer({ id: "measure-edge", type: "line", source: "measures", filter: shaped("Polygon"), paint: { "line-color": bright, "line-width": 1.5, "line-dasharray": [3, 2] } }, under);
  map.addLayer({ id: "measure-casing", type: "line", source: "measures", filter: shaped("LineString"), paint: { "line-color": ink.ground, "line-width": ["interpolate", ["linear"], ["zoom"], 8, 5, 14, 11] } }, under);
  map.addLayer({ id: "measure-line", type: "line", source: "measures", filter: shaped("LineString"), paint: { "line-color": bright, "line-width": ["interpolate", ["linear"], ["zoom"], 8, 3, 14, 7], "line-dasharray": [1.4, 0.8] } }, under);
  map.addLayer({ id: "measure-point", type: "circle", source: "measures", filter: shaped("Point"), paint: { "circle-radius": 6, "circle-color": ink.ground, "circle-stroke-color": bright, "circle-stroke-width": 3 } }, under);
  // Above everything: names of places give way to it.
  map.addLayer({ id: "measure-word", type: "symbol", source: "measures", minzoom: wordsFrom, layout: { "symbol-placement": "point", "text-field": drawn(["concat", ["get", "word"], " ", ["get", "effect"]]), "text-font": ["Noto Sans CJK SC"], "text-size": 12, "text-offset": [0, 1.2], "text-anchor": "top", "text-optional": true }, paint: { "text-color": bright, "text-halo-color": ink.halo, "text-halo-width": 1.8 } });
  const draw = async () => {
    const found = typeof url === "string" ? await load(url) : url;
    if (!found) return;
    map.getSource("measures").setData(found);
    map.getContainer().dataset.measures = found.features.length;
    if (fit && found.features.length) fitTo(map, found.features);
  };
  draw();
  return draw;
}

async function load(url) {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

function fitTo(map, features) {
  const box = new maplibregl.LngLatBounds();
  const walk = (at) => (typeof at[0] === "number" ? box.extend(at) : at.forEach(walk));
  for (const one of features) walk(one.geometry.coordinates);
  map.fitBounds(box, { padding: 50, maxZoom: 14, duration: 0 });
}

/** What stands at an address, drawn anew as it changes. */
export function keepMeasures(map, url) {
  if (!url) return;
  const draw = showMeasures(map, url);
  document.body.addEventListener("sizao:changed", draw);
  setInterval(draw, AGAIN_MS);
}

/** The layer of the command-centre map, where a click opens a measure. */
export function startMeasureLayer(map, element) {
  if (!element.dataset.measuresUrl) return;
  keepMeasures(map, element.dataset.measuresUrl);
  const open = (event) => {
    const id = event.features?.[0]?.properties.id;
    if (id) location.assign(element.dataset.measureUrl.replace("__id__", id));
  };
  for (const layer of ["measure-line", "measure-point", "measure-word"]) {
    map.on("click", layer, open);
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
}

export function startMeasures() {
  const form = document.querySelector("[data-measure-form]");
  if (form) followKind(form);
  const element = document.querySelector("[data-measure-map]");
  if (!element) return;
  const map = makeMap(element, { padding: 20 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  whenReady(map, () => {
    const given = element.dataset.features;
    const shapes = given ? JSON.parse(document.getElementById(given).textContent) : element.dataset.shapes;
    showMeasures(map, shapes, { fit: !("pick" in element.dataset) });
    if ("pick" in element.dataset) pick(map, element, form);
    element.dataset.ready = "yes";
  });
}

/** Only the fields that the chosen kind has; a grade fills in its limit. */
function followKind(form) {
  const fields = form.querySelectorAll("[data-for]");
  const follow = () => {
    const wanted = form.elements.kind.selectedOptions[0].dataset.fields.split(" ");
    for (const field of fields) field.hidden = !field.dataset.for.split(" ").some((name) => wanted.includes(name));
  };
  form.elements.kind.addEventListener("change", follow);
  form.elements.grade.addEventListener("change", () => {
    const limit = form.elements.grade.selectedOptions[0].dataset.limit;
    if (limit) form.elements.limit_kmh.value = limit;
  });
  follow();
}

function pick(map, element, form) {
  let clicked = [];
  let offered = JSON.parse(form.elements.ring.value || "[]"); // a plan's own area, until another is drawn
  map.addSource("picked", { type: "geojson", data: EMPTY });
  map.addLayer({ id: "picked", type: "line", source: "picked", paint: { "line-color": palette().place, "line-width": 2.5 } });
  map.addLayer({ id: "picked-point", type: "circle", source: "picked", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 6, "circle-color": palette().place } });
  const draw = () => {
    const area = form.elements.kind.selectedOptions[0].dataset.fields.split(" ").includes("area");
    const last = clicked.at(-1);
    form.elements.lat.value = last?.[1] ?? "";
    form.elements.lon.value = last?.[0] ?? "";
    const ring = !area ? [] : offered.length ? offered : !clicked.length ? [] : clicked.length < 3 ? circle(clicked[0], RADIUS_M) : clicked;
    form.elements.ring.value = ring.length ? JSON.stringify(ring) : "";
    const shape = ring.length ? { type: "LineString", coordinates: [...ring, ring[0]] } : last ? { type: "Point", coordinates: last } : null;
    map.getSource("picked").setData(shape ? { type: "Feature", properties: {}, geometry: shape } : EMPTY);
    element.dataset.corners = ring.length;
  };
  map.on("click", ({ lngLat }) => {
    if (offered.length) clicked = [];
    offered = [];
    clicked.push([Number(lngLat.lng.toFixed(6)), Number(lngLat.lat.toFixed(6))]);
    draw();
  });
  form.elements.kind.addEventListener("change", draw);
  document.querySelector("[data-measure-clear]").addEventListener("click", () => {
    clicked = [];
    offered = [];
    draw();
  });
  const lat = Number.parseFloat(form.elements.lat.value);
  const lon = Number.parseFloat(form.elements.lon.value);
  if (Number.isFinite(lat) && Number.isFinite(lon)) {
    map.jumpTo({ center: [lon, lat], zoom: 13 });
    clicked = [[lon, lat]];
    draw();
  }
}
