// The wall's map: no controls, no plates, markers without names; measures as on the desk's.
import { liveVehicles } from "./livevehicles.js";
import { makeMap, whenReady } from "./mapbase.js";
import { keepMeasures } from "./measures.js";
import { syncMarkers } from "./markers.js";

export function startWallMap(element) {
  const map = makeMap(element, { padding: 40, interactive: false });
  const list = () => document.querySelector("[data-warnlist]");
  syncMarkers(map, list());
  document.body.addEventListener("htmx:afterSettle", () => syncMarkers(map, list()));
  whenReady(map, () => {
    keepMeasures(map, element.dataset.measuresUrl);
    return liveVehicles(map, element);
  });
}
