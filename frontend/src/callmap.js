// The map beside the intake: shows where the form's words are, and takes a click for a place.
import { makeMap, maplibregl } from "./mapbase.js";
import { htmx } from "./ui.js";

const CLOSE = 13;

export function startCallMap() {
  const element = document.querySelector("[data-call-map]");
  if (!element) return;
  const form = element.closest("form");
  const map = makeMap(element, { padding: 10 });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  const pin = document.createElement("div");
  pin.className = "sz-marker";
  pin.append(Object.assign(document.createElement("span"), { className: "sz-dot" }));
  const marker = new maplibregl.Marker({ element: pin });
  map.on("click", ({ lngLat }) => {
    form.elements.lat.value = lngLat.lat.toFixed(6);
    form.elements.lon.value = lngLat.lng.toFixed(6);
    form.querySelector('[name=how][value="map"]').checked = true;
    htmx.trigger(form, "sizao:look");
  });
  const show = () => {
    const { lat, lon } = document.querySelector("[data-place]")?.dataset ?? {};
    if (!lat) return marker.remove();
    marker.setLngLat([Number(lon), Number(lat)]).addTo(map);
    map.jumpTo({ center: [Number(lon), Number(lat)], zoom: Math.max(map.getZoom(), CLOSE) });
  };
  document.body.addEventListener("htmx:afterSwap", ({ target }) => target.id === "sz-look" && show());
  show();
}
