// Warnings on the map are ordinary buttons, so that the keyboard and a reader reach them. They
// follow the list beside the map: one source, no second opinion.
import { maplibregl } from "./mapbase.js";
import { setCurrent } from "./keys.js";

const kept = new Map();
const CROWD = 20;

function build(row) {
  const button = document.createElement("button");
  button.type = "button";
  const level = row.querySelector(".sz-level");
  button.append(level.querySelector("svg").cloneNode(true));
  const word = document.createElement("span");
  word.textContent = row.dataset.word;
  button.append(word);
  return button;
}

/** Make the markers agree with the rows of `list` that have a place. */
export function syncMarkers(map, list) {
  const seen = new Set();
  for (const row of list.querySelectorAll("[data-row][data-lat]")) {
    const id = row.dataset.row;
    const lat = Number.parseFloat(row.dataset.lat);
    const lon = Number.parseFloat(row.dataset.lon);
    if (!Number.isFinite(lat) || !Number.isFinite(lon)) continue;
    seen.add(id);
    let entry = kept.get(id);
    if (!entry) {
      const element = build(row);
      element.addEventListener("click", (event) => {
        event.stopPropagation();
        location.assign(element.dataset.href);
      });
      element.addEventListener("mouseenter", () => setCurrent(document.querySelector(`[data-row="${CSS.escape(id)}"]`)));
      entry = { element, marker: new maplibregl.Marker({ element, anchor: "left", offset: [-10, 0] }).setLngLat([lon, lat]).addTo(map) };
      kept.set(id, entry);
    }
    const { element, marker } = entry;
    element.classList.add("sz-marker");
    element.dataset.level = row.dataset.level;
    element.dataset.href = row.dataset.href;
    element.title = row.dataset.title;
    element.classList.toggle("sz-unsigned", row.classList.contains("sz-unsigned"));
    // A worse level on a later update draws above a lesser one.
    element.style.zIndex = String({ blue: 1, yellow: 2, orange: 3, red: 4 }[row.dataset.level]);
    marker.setLngLat([lon, lat]);
  }
  // Words of lesser warnings make way when the map is full; the list beside it has them all.
  map.getContainer().dataset.crowded = seen.size > CROWD ? "yes" : "no";
  for (const [id, { marker }] of kept) {
    if (seen.has(id)) continue;
    marker.remove();
    kept.delete(id);
  }
}

export function highlightMarker(id) {
  for (const [key, { element }] of kept) element.classList.toggle("sz-current", key === id);
}

export function showMarkers(visible) {
  for (const { element } of kept.values()) element.hidden = !visible;
}
