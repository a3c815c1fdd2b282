// Pages with a map: the command centre, the wall's map, the risk map, the small map of a case,
// vehicle, report or site, and those on which a reporter or call taker chooses the place.
import { startCallMap } from "./callmap.js";
import { startDesk } from "./desk.js";
import { startFences } from "./fencemap.js";
import { startMeasures } from "./measures.js";
import { startMinimaps } from "./minimap.js";
import { startPlacePicker } from "./placepicker.js";
import { startRiskMap } from "./riskmap.js";
import { startWallMap } from "./wallmap.js";

const desk = document.querySelector("[data-desk-map]");
const risk = document.querySelector("[data-risk-map]");
const wall = document.querySelector("[data-wall-map]");
try {
  if (desk) startDesk(desk);
  if (wall) startWallMap(wall);
  if (risk) startRiskMap(risk);
  startFences();
  startMeasures();
  startMinimaps();
  startPlacePicker();
  startCallMap();
} catch (error) {
  // No WebGL, most likely: say so where the map would be, and leave the lists usable.
  for (const map of document.querySelectorAll(".sz-map")) map.dataset.error = String(error);
  for (const note of document.querySelectorAll("[data-map-failed]")) note.hidden = false;
  console.error(error);
}
