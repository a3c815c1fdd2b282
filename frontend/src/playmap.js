// The player's map: each track as far as it is known, and a marker a vehicle that the clock moves.
import { makeMap, maplibregl, whenReady } from "./mapbase.js";
import { palette } from "./mapstyle.js";
import { showMeasures } from "./measures.js";
import { COLOURS } from "./playchart.js";

/** Lines of a track, broken at gaps; points with their index, so that a click finds the moment. */
function features(track, number, gap) {
  const lines = [[]];
  const points = [];
  let last = null;
  track.t.forEach((t, at) => {
    if (track.lat[at] === null) return;
    if (last !== null && t - last > gap) lines.push([]);
    last = t;
    lines.at(-1).push([track.lon[at], track.lat[at]]);
    const over = track.limit[at] !== null && track.speed[at] > track.limit[at];
    points.push({ type: "Feature", properties: { track: number, at, over }, geometry: { type: "Point", coordinates: [track.lon[at], track.lat[at]] } });
  });
  const drawn = lines.filter((line) => line.length > 1).map((coordinates) => ({ type: "Feature", properties: { track: number }, geometry: { type: "LineString", coordinates } }));
  return [...drawn, ...points];
}

function marker(track, number, many) {
  const element = document.createElement("div");
  element.className = "sz-playmarker";
  element.dataset.vehicle = track.id;
  element.style.setProperty("--sz-play", many ? COLOURS[number % COLOURS.length] : "var(--sz-accent)");
  element.append(Object.assign(document.createElement("i"), { ariaHidden: "true" }), Object.assign(document.createElement("span"), { textContent: track.label }));
  return new maplibregl.Marker({ element, anchor: "center" });
}

export function playMap(element, tracks, data) {
  const map = makeMap(element, { padding: 30 });
  map.scrollZoom.disable();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  const markers = tracks.map((track, number) => marker(track, number, tracks.length > 1));
  const shown = tracks.map(() => false);
  let pick = () => {};
  // What is asked about fills the map: the place of an incident, else the whole track.
  const box = new maplibregl.LngLatBounds();
  if (data.ring.length) for (const corner of data.ring) box.extend(corner);
  else for (const track of tracks) track.t.forEach((_, at) => track.lat[at] !== null && box.extend([track.lon[at], track.lat[at]]));
  if (!box.isEmpty()) map.fitBounds(box, { padding: 40, maxZoom: 15, duration: 0 });
  whenReady(map, () => {
    map.getSource("track").setData({ type: "FeatureCollection", features: tracks.flatMap((track, number) => features(track, number, data.gap)) });
    if (tracks.length > 1) map.setPaintProperty("track", "line-color", ["match", ["get", "track"], ...tracks.flatMap((_, number) => [number, COLOURS[number % COLOURS.length]]), palette().place]);
    if (data.ring.length) {
      const ring = [...data.ring, data.ring[0]];
      map.addSource("ring", { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: ring } } });
      map.addLayer({ id: "ring", type: "line", source: "ring", paint: { "line-color": palette().place, "line-width": 2, "line-dasharray": [2, 2] } });
    }
    if (data.fence) {
      map.addSource("fence", { type: "geojson", data: { type: "Feature", properties: {}, geometry: data.fence } });
      map.addLayer({ id: "fence-fill", type: "fill", source: "fence", paint: { "fill-color": palette().place, "fill-opacity": 0.1 } }, "track");
      map.addLayer({ id: "fence-line", type: "line", source: "fence", paint: { "line-color": palette().place, "line-width": 1.4, "line-dasharray": [3, 2] } }, "track");
    }
    // They are few here, and a whole track is seen from far.
    showMeasures(map, data.limits, { under: "track", wordsFrom: 7 });
    map.on("click", "track-points", (event) => pick(event.features[0].properties.track, event.features[0].properties.at));
  });
  return {
    show(states, follow = false) {
      states.forEach((state, number) => {
        const there = Boolean(state) && state.lat !== null;
        if (there) markers[number].setLngLat([state.lon, state.lat]);
        if (there && !shown[number]) markers[number].addTo(map);
        // Whoever has zoomed in on the vehicle wants it to stay in the picture.
        if (there && follow && states.length === 1 && !map.getBounds().contains([state.lon, state.lat])) map.panTo([state.lon, state.lat], { duration: 0 });
        if (!there && shown[number]) markers[number].remove();
        shown[number] = there;
        markers[number].getElement().dataset.known = there && state.known ? "yes" : "no";
      });
    },
    onPick(act) {
      pick = act;
    },
  };
}
