// Choosing the area of a question: one click is the centre of a circle, three or more a polygon.
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

export function startPresence() {
  const form = document.querySelector("[data-presence]");
  const element = form?.querySelector("[data-presence-map]");
  const clear = form?.querySelector("[data-presence-clear]");
  // With an answer on the page the same area is asked again; clearing it begins anew.
  if (form && !element) clear.addEventListener("click", () => location.assign(location.pathname));
  if (!element) return;
  const field = form.elements.ring;
  const radius = form.querySelector("[data-presence-radius]");
  const note = form.querySelector("[data-presence-note]");
  const map = makeMap(element, { padding: 10 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  let clicked = [];
  let ring = field.value ? JSON.parse(field.value) : [];
  const told = note.textContent;

  function draw() {
    if (clicked.length === 1) ring = circle(clicked[0], Number(radius.value));
    else if (clicked.length) ring = clicked;
    field.value = ring.length > 2 ? JSON.stringify(ring) : "";
    const closed = ring.length ? [...ring, ring[0]] : [];
    map.getSource("ring")?.setData({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: closed } });
    note.textContent = clicked.length === 1 ? say("circle") : clicked.length ? say("corners", { n: clicked.length }) : told;
    element.dataset.corners = ring.length;
  }
  whenReady(map, () => {
    map.addSource("ring", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({ id: "ring", type: "line", source: "ring", paint: { "line-color": palette().place, "line-width": 2.5 } });
    map.on("click", ({ lngLat }) => {
      clicked.push([Number(lngLat.lng.toFixed(6)), Number(lngLat.lat.toFixed(6))]);
      draw();
    });
    draw();
    if (ring.length) map.fitBounds(ring.reduce((box, corner) => box.extend(corner), new maplibregl.LngLatBounds()), { padding: 60, maxZoom: 15, duration: 0 });
    element.dataset.ready = "yes";
  });
  radius.addEventListener("change", draw);
  clear.addEventListener("click", () => {
    clicked = [];
    ring = [];
    draw();
  });
}
