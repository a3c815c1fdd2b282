// The command-centre map: vehicles, warnings, units, the drawer, layer switches.
import { htmx } from "./ui.js";
import { setCurrent } from "./keys.js";
import { liveVehicles } from "./livevehicles.js";
import { makeMap, maplibregl, showTrack, whenReady } from "./mapbase.js";
import { GROUPS } from "./mapstyle.js";
import { startMeasureLayer } from "./measures.js";
import { highlightMarker, showMarkers, syncMarkers } from "./markers.js";
import { track } from "./speedchart.js";

export function startDesk(element) {
  const narrow = innerWidth < 768;
  const map = makeMap(element, { padding: narrow ? { top: 90, bottom: innerHeight * 0.42, left: 10, right: 10 } : { top: 20, bottom: 20, left: 280, right: 370 } });
  window.sizaoMap = map;
  const list = document.querySelector("[data-warnlist]");
  const panel = document.querySelector("[data-panel]");
  const drawer = document.querySelector("[data-drawer]");
  let vehicles = null;
  const ring = new maplibregl.Marker({ element: Object.assign(document.createElement("div"), { className: "sz-ring" }) });

  syncMarkers(map, list);
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (panel.contains(event.detail.elt) || event.detail.elt === list || event.detail.elt.contains(list)) syncMarkers(map, document.querySelector("[data-warnlist]"));
    if (drawer.contains(event.detail.elt) || event.detail.elt === drawer) openDrawer();
  });
  document.body.addEventListener("sizao:current", (event) => highlightMarker(event.detail.id));
  panel.addEventListener("mouseover", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && !row.classList.contains("sz-current")) setCurrent(row, false);
  });

  map.on("zoom", () => (element.dataset.far = map.getZoom() < 10.5 ? "yes" : "no"));
  element.dataset.far = map.getZoom() < 10.5 ? "yes" : "no";

  whenReady(map, async () => {
    startMeasureLayer(map, element);
    vehicles = await liveVehicles(map, element);
    map.on("click", (event) => {
      const row = vehicles.layer.pick(event.lngLat);
      const found = row >= 0 ? vehicles.meta.rows[row] : null;
      if (found) choose(found.id, vehicles.layer.place(row));
    });
    map.on("mousemove", (event) => {
      map.getCanvas().style.cursor = vehicles.layer.pick(event.lngLat, 10) >= 0 ? "pointer" : "";
    });
    focusFromAddress();
  });

  function choose(id, place) {
    if (place) ring.setLngLat(place).addTo(map);
    htmx.ajax("GET", `${element.dataset.vehicle.replace("__id__", encodeURIComponent(id))}?panel=1`, { target: drawer, swap: "innerHTML" });
  }

  async function openDrawer() {
    drawer.hidden = false;
    const source = drawer.querySelector("[data-track]");
    if (!source) return;
    const points = await track(source.dataset.track).catch(() => []);
    if (!drawer.hidden) showTrack(map, points);
    drawer.dataset.points = points.length;
  }

  function closeDrawer() {
    drawer.hidden = true;
    drawer.replaceChildren();
    ring.remove();
    showTrack(map, []);
  }

  drawer.addEventListener("click", (event) => {
    if (event.target.closest("[data-drawer-close]")) closeDrawer();
    if (event.target.closest("[data-drawer-fit]")) {
      const source = drawer.querySelector("[data-track]");
      track(source.dataset.track).then((points) => {
        const box = showTrack(map, points);
        if (box) map.fitBounds(box, { padding: { top: 60, bottom: 60, left: 290, right: 380 }, maxZoom: 14 });
      });
    }
  });
  document.body.addEventListener("sizao:escape", closeDrawer);

  document.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-map-tool]")?.dataset.mapTool;
    if (tool === "in") map.zoomIn();
    else if (tool === "out") map.zoomOut();
    else if (tool === "home") map.fitBounds(element.dataset.bounds.split(",").map(Number), { padding: 30 });
  });
  document.addEventListener("change", (event) => {
    const group = event.target.dataset?.layer;
    if (!group) return;
    const on = event.target.checked;
    if (group === "vehicles" && map.getLayer("vehicles")) map.setLayoutProperty("vehicles", "visibility", on ? "visible" : "none");
    else if (group === "warnings") showMarkers(on);
    else for (const id of GROUPS[group] ?? []) map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
  });

  function focusFromAddress() {
    const query = new URLSearchParams(location.search);
    const lat = Number(query.get("lat"));
    const lon = Number(query.get("lon"));
    if (lat && lon) {
      map.jumpTo({ center: [lon, lat], zoom: 14 });
      ring.setLngLat([lon, lat]).addTo(map);
    }
    if (query.get("vehicle")) choose(query.get("vehicle"), lat && lon ? [lon, lat] : null);
  }
}
