// Live vehicles on a map: the box from /stream/meta, then frames for ever.
import { follow } from "./stream.js";
import { VehicleLayer } from "./vehicles.js";

/** Adds the layer once the box is known. Returns {layer, vehicle(row)} through a promise. */
export async function liveVehicles(map, element) {
  const meta = new Meta(element.dataset.meta);
  while (!(await meta.load())) await new Promise((resolve) => setTimeout(resolve, 3000));
  const layer = new VehicleLayer(meta.bbox);
  const before = map.getLayer("road-ref") ? "road-ref" : undefined;
  let counts = null;
  const show = () => {
    if (!counts) return;
    for (const cell of document.querySelectorAll("[data-online]")) cell.textContent = counts.online.toLocaleString("en-US");
    for (const cell of document.querySelectorAll("[data-violating]")) cell.textContent = counts.active.toLocaleString("en-US");
  };
  document.body.addEventListener("htmx:afterSettle", show);
  map.addLayer(layer, before);
  follow(
    element.dataset.stream,
    (frame) => {
      layer.update(frame.count, frame.x, frame.y, frame.mark);
      element.dataset.vehicles = layer.shown;
      counts = layer.counts;
      show();
      element.dataset.renders = layer.renders;
      if (frame.count > meta.size) meta.load();
    },
    (state) => {
      element.dataset.streamState = state;
      for (const note of document.querySelectorAll("[data-stream-offline]")) note.hidden = state === "online";
    },
  );
  return { layer, meta };
}

class Meta {
  constructor(url) {
    this.url = url;
    this.rows = [];
    this.bbox = null;
  }

  get size() {
    return this.rows.length;
  }

  async load() {
    if (this.loading) return this.loading;
    this.loading = this.fetch().finally(() => (this.loading = null));
    return this.loading;
  }

  async fetch() {
    try {
      const response = await fetch(this.url);
      if (!response.ok) return false;
      const data = await response.json();
      this.bbox ??= data.bbox;
      this.rows = data.vehicles ?? [];
      return Boolean(this.bbox);
    } catch {
      return false;
    }
  }
}
