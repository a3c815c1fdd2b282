// The map's own style: no glyphs key (MapLibre then draws Chinese and Latin with local fonts),
// no sprites, nothing from another host. Roads and water are muted; colour is for warnings.
const FONT = ["Noto Sans CJK SC"];

const PALETTES = {
  dark: {
    ground: "#0f141a", land: "#131a21", water: "#1a3a47", waterEdge: "#234a59", valley: "#131d24", casing: "#0b0f14",
    expressway: "#7a8d9e", main: "#5a6a79", minor: "#414e5b", small: "#323d48", label: "#8d9aa7", place: "#b9c4ce", halo: "#0f141a",
  },
  light: {
    ground: "#eceff1", land: "#e6eae8", water: "#bcd5df", waterEdge: "#a9c6d2", valley: "#e4eaea", casing: "#ffffff",
    expressway: "#8496a6", main: "#a3b0bb", minor: "#bfc8d0", small: "#d0d7dc", label: "#52606d", place: "#2f3a45", halo: "#f4f6f7",
  },
};

export const palette = () => PALETTES[document.documentElement.dataset.bsTheme === "light" ? "light" : "dark"];

const zoomed = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const of = (...classes) => ["in", ["get", "road_class"], ["literal", classes]];

// Widest last, so that it lies on top.
const ROADS = [
  { id: "village", classes: ["village"], colour: "small", width: [8, 0.35, 13, 1.6, 17, 6], min: 0 },
  { id: "urban", classes: ["urban", "ramp"], colour: "small", width: [8, 0.35, 13, 2, 17, 9], min: 0 },
  { id: "county", classes: ["county"], colour: "minor", width: [8, 0.6, 13, 2.2, 17, 9], min: 0 },
  { id: "provincial", classes: ["provincial"], colour: "minor", width: [8, 0.9, 13, 3, 17, 11], min: 0 },
  { id: "national", classes: ["national", "urban_expressway"], colour: "main", width: [8, 1.2, 13, 3.6, 17, 13], min: 0 },
  { id: "expressway", classes: ["expressway"], colour: "expressway", width: [8, 1.7, 13, 4.6, 17, 16], min: 0 },
];

// The library draws a full-width opening mark half a sign too far to the left, over its neighbour:
// such marks are drawn narrow.
const NARROW = [["（", " ("], ["）", ")"], ["“", '"'], ["”", '"'], ["《", "<"], ["》", ">"]];

/** The expression for a text of the data, with marks that can be drawn. */
export const drawn = (text) => NARROW.reduce((said, [wide, narrow]) => ["join", ["split", said, wide], narrow], text);

/** Layer ids of the switch "roads" and so on; the legend's check boxes name these groups. */
export const GROUPS = {
  labels: ["road-ref", "road-name", "place", "village", "tunnel-name"],
  stations: ["station", "station-name"],
};

export function mapStyle(urls) {
  const ink = palette();
  const layers = [
    { id: "ground", type: "background", paint: { "background-color": ink.ground } },
    { id: "area", type: "fill", source: "context", filter: ["==", ["get", "layer"], "area"], paint: { "fill-color": ink.land } },
    { id: "area-edge", type: "line", source: "context", filter: ["==", ["get", "layer"], "area"], paint: { "line-color": ink.small, "line-dasharray": [4, 3] } },
    { id: "water", type: "fill", source: "context", filter: ["all", ["==", ["get", "layer"], "river"], ["==", ["geometry-type"], "Polygon"]], paint: { "fill-color": ink.water, "fill-outline-color": ink.waterEdge } },
    // The valley as broad bands under the river: all the relief a schematic map has.
    ...[3, 2, 1].map((band) => ({ id: `valley-${band}`, type: "line", source: "context", filter: ["==", ["get", "layer"], "river"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ink.valley, "line-opacity": 0.4, "line-width": zoomed(8, 13 * band, 11, 52 * band, 14, 240 * band) } })),
    { id: "water-line", type: "line", source: "context", filter: ["all", ["==", ["get", "layer"], "river"], ["==", ["geometry-type"], "LineString"]], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ink.water, "line-width": ["interpolate", ["exponential", 2], ["zoom"], 9, ["max", 2, ["*", ["coalesce", ["get", "width_m"], 80], 0.014]], 17, ["*", ["coalesce", ["get", "width_m"], 80], 0.9]] } },
  ];
  const open = ["!=", ["get", "tunnel"], true];
  for (const road of ROADS) {
    layers.push({ id: `road-${road.id}-casing`, type: "line", source: "roads", minzoom: Math.max(road.min, 11), filter: ["all", of(...road.classes), open], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ink.casing, "line-width": zoomed(...road.width.map((value, index) => (index % 2 ? value + 1.6 : value))) } });
  }
  for (const road of ROADS) {
    layers.push({ id: `road-${road.id}`, type: "line", source: "roads", minzoom: road.min, filter: ["all", of(...road.classes), open], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ink[road.colour], "line-width": zoomed(...road.width) } });
    layers.push({ id: `tunnel-${road.id}`, type: "line", source: "roads", minzoom: road.min, filter: ["all", of(...road.classes), ["==", ["get", "tunnel"], true]], paint: { "line-color": ink[road.colour], "line-width": zoomed(...road.width), "line-dasharray": [2, 1.4], "line-opacity": 0.85 } });
  }
  layers.push(
    { id: "track", type: "line", source: "track", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ink.place, "line-width": 2.5, "line-opacity": 0.9 } },
    { id: "track-points", type: "circle", source: "track", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 10.5, ["case", ["get", "over"], 3, 0], 13, ["case", ["get", "over"], 4, 2.2]], "circle-color": ["case", ["get", "over"], ink.place, ink.label], "circle-stroke-color": ink.halo, "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 10.5, 0, 13, 1] } },
    { id: "station", type: "symbol", source: "context", minzoom: 9, filter: ["in", ["get", "layer"], ["literal", ["check_station", "checkpoint", "weigh_station", "police"]]], layout: { "icon-image": ["get", "layer"], "icon-allow-overlap": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.7, 13, 1] } },
    { id: "station-name", type: "symbol", source: "context", minzoom: 12, filter: ["in", ["get", "layer"], ["literal", ["check_station", "checkpoint", "weigh_station", "police"]]], layout: { "text-field": drawn(["get", "name"]), "text-font": FONT, "text-size": 11, "text-offset": [0, 1.1], "text-anchor": "top", "text-optional": true }, paint: { "text-color": ink.label, "text-halo-color": ink.halo, "text-halo-width": 1.4 } },
    { id: "road-name", type: "symbol", source: "roads", minzoom: 13, filter: of("urban", "urban_expressway", "village"), layout: { "symbol-placement": "line", "symbol-spacing": 260, "text-field": drawn(["coalesce", ["get", "name"], ""]), "text-font": FONT, "text-size": 11 }, paint: { "text-color": ink.label, "text-halo-color": ink.halo, "text-halo-width": 1.5 } },
    { id: "tunnel-name", type: "symbol", source: "context", minzoom: 12, filter: ["==", ["get", "layer"], "tunnel"], layout: { "text-field": drawn(["get", "name"]), "text-font": FONT, "text-size": 11 }, paint: { "text-color": ink.label, "text-halo-color": ink.halo, "text-halo-width": 1.5 } },
    { id: "village", type: "symbol", source: "context", minzoom: 10.6, filter: ["all", ["==", ["get", "layer"], "place"], [">=", ["get", "rank"], 3]], layout: { "text-field": drawn(["get", "name"]), "text-font": FONT, "text-size": 11, "text-padding": 4 }, paint: { "text-color": ink.label, "text-halo-color": ink.halo, "text-halo-width": 1.6 } },
    { id: "road-ref", type: "symbol", source: "roads", filter: of("expressway", "national", "provincial", "county"), layout: { "text-field": ["coalesce", ["get", "ref"], ""], "text-font": FONT, "text-size": 10.5, "text-padding": 22, "icon-image": ["case", ["==", ["get", "road_class"], "expressway"], "shield-strong", "shield"], "icon-text-fit": "both", "icon-text-fit-padding": [1, 4, 1, 4], "icon-padding": 22, "symbol-sort-key": ["match", ["get", "road_class"], "expressway", 1, "national", 2, "provincial", 3, 4] }, paint: { "text-color": ink.label, "text-halo-color": ink.halo, "text-halo-width": 2 } },
    { id: "place", type: "symbol", source: "context", filter: ["all", ["==", ["get", "layer"], "place"], ["<", ["coalesce", ["get", "rank"], 3], 3]], layout: { "text-field": drawn(["get", "name"]), "text-font": FONT, "text-size": ["match", ["get", "rank"], 1, 15, 12.5], "text-max-width": 14, "symbol-sort-key": ["coalesce", ["get", "rank"], 3], "text-padding": 4 }, paint: { "text-color": ink.place, "text-halo-color": ink.halo, "text-halo-width": 1.6 } },
  );
  const empty = { type: "FeatureCollection", features: [] };
  return {
    version: 8,
    sources: {
      roads: { type: "geojson", data: urls.roads || empty, tolerance: 0.3 },
      context: { type: "geojson", data: urls.context || empty },
      track: { type: "geojson", data: empty },
    },
    layers,
  };
}

/** Station symbols, drawn here so that no sprite has to be fetched. Shapes differ, not colours. */
export function addIcons(map) {
  const ink = palette();
  const draw = (name, paint) => {
    const size = 36;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    pen.translate(size / 2, size / 2);
    pen.lineWidth = 3;
    pen.fillStyle = ink.ground;
    pen.strokeStyle = ink.label;
    pen.beginPath();
    paint(pen);
    pen.fill();
    pen.stroke();
    if (!map.hasImage(name)) map.addImage(name, pen.getImageData(0, 0, size, size), { pixelRatio: 2 });
  };
  for (const [name, edge] of [["shield", ink.small], ["shield-strong", ink.main]]) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 24;
    const pen = canvas.getContext("2d");
    pen.fillStyle = ink.halo;
    pen.strokeStyle = edge;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.roundRect(1, 1, 22, 22, 6);
    pen.fill();
    pen.stroke();
    if (!map.hasImage(name)) map.addImage(name, pen.getImageData(0, 0, 24, 24), { pixelRatio: 2, stretchX: [[9, 15]], stretchY: [[9, 15]], content: [4, 4, 20, 20] });
  }
  draw("checkpoint", (pen) => pen.rect(-8, -6, 16, 12));
  draw("weigh_station", (pen) => { pen.moveTo(-9, 7); pen.lineTo(0, -9); pen.lineTo(9, 7); pen.closePath(); });
  draw("check_station", (pen) => { pen.moveTo(0, -11); pen.lineTo(11, 0); pen.lineTo(0, 11); pen.lineTo(-11, 0); pen.closePath(); });
  draw("police", (pen) => { pen.moveTo(-9, -9); pen.lineTo(9, -9); pen.lineTo(9, 1); pen.quadraticCurveTo(7, 8, 0, 11); pen.quadraticCurveTo(-7, 8, -9, 1); pen.closePath(); });
}
