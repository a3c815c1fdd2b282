// A map as every page has it: our style, our worker, no rotation, redrawn when asked.
import maplibregl from "maplibre-gl";
import { addIcons, mapStyle } from "./mapstyle.js";
import { say } from "./words.js";

maplibregl.setWorkerUrl(document.querySelector("script[data-map-worker]").dataset.mapWorker);

/** Make a map in `element`; its data attributes name the sources and the box to show. */
export function makeMap(element, options = {}) {
  const data = element.dataset;
  const bounds = data.bounds ? data.bounds.split(",").map(Number) : [101.3, 26.2, 102.3, 27.1];
  const map = new maplibregl.Map({
    container: element,
    style: mapStyle({ roads: data.roads, context: data.context }),
    bounds,
    fitBoundsOptions: { padding: options.padding ?? 20 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 18,
    minZoom: 6,
    localIdeographFontFamily: '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif',
    locale: {
      "Map.Title": say("map"),
      "Marker.Title": say("warning"),
      "NavigationControl.ZoomIn": say("zoom_in"),
      "NavigationControl.ZoomOut": say("zoom_out"),
    },
    fadeDuration: 150,
    interactive: options.interactive ?? true,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disable();
  map.on("styleimagemissing", () => addIcons(map));
  map.on("load", () => (element.dataset.loaded = "yes"));
  map.on("error", (event) => {
    // A source that is not there leaves the rest of the map usable; say so once.
    element.dataset.error = event.error?.message ?? "error";
  });
  new ResizeObserver(() => map.resize()).observe(element);
  return map;
}

/** Draw a track and return its bounds, or null if there is nothing to draw. */
export function showTrack(map, points) {
  const known = points.filter((point) => point.lat !== null && point.lon !== null);
  const lines = [[]];
  known.forEach((point, index) => {
    if (index && point.t - known[index - 1].t > 180) lines.push([]);
    lines.at(-1).push([point.lon, point.lat]);
  });
  const features = lines.filter((line) => line.length > 1).map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } }));
  for (const point of known) {
    features.push({ type: "Feature", properties: { over: Boolean(point.limit && point.speed > point.limit) }, geometry: { type: "Point", coordinates: [point.lon, point.lat] } });
  }
  map.getSource("track")?.setData({ type: "FeatureCollection", features });
  if (!known.length) return null;
  const box = new maplibregl.LngLatBounds();
  for (const point of known) box.extend([point.lon, point.lat]);
  return box;
}

/** Run `act` once the style is there. */
export function whenReady(map, act) {
  if (map.isStyleLoaded()) act();
  else map.once("load", act);
}

export { maplibregl };
