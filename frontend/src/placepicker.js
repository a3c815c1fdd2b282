// The map of the report form: a tap chooses the place.
import { makeMap, maplibregl } from "./mapbase.js";
import { setPlace } from "./reportform.js";

const CLOSE = 15;

export function startPlacePicker() {
  const element = document.querySelector("[data-place-picker]");
  if (!element) return;
  const form = element.closest("form");
  const map = makeMap(element, { padding: 10 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  const pin = document.createElement("div");
  pin.className = "sz-marker";
  pin.append(Object.assign(document.createElement("span"), { className: "sz-dot" }));
  const marker = new maplibregl.Marker({ element: pin, draggable: true });
  let shown = false;
  const show = (lat, lon, near) => {
    marker.setLngLat([lon, lat]);
    if (!shown) marker.addTo(map);
    shown = true;
    if (near) map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), CLOSE) });
  };
  const choose = ({ lat, lng }) => setPlace(form, lat, lng, `${element.dataset.chosen} ${lat.toFixed(4)}, ${lng.toFixed(4)}`);
  map.on("click", (event) => choose(event.lngLat));
  marker.on("dragend", () => choose(marker.getLngLat()));
  form.addEventListener("sizao:place", ({ detail }) => show(detail.lat, detail.lon, !shown));
  const lat = Number.parseFloat(form.elements.lat.value);
  const lon = Number.parseFloat(form.elements.lon.value);
  if (Number.isFinite(lat) && Number.isFinite(lon)) show(lat, lon, true);
}
