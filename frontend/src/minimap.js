// The small map beside a case or vehicle: where it happened, and the track that led there.
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

export function startMinimaps() {
  document.querySelectorAll("[data-minimap]").forEach(start);
}
