// What every page loads.
import htmx from "htmx.org";
import { startIntake } from "./intake.js";
import { startJunctions } from "./junctions.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startNotify } from "./notify.js";
import { startReportForm } from "./reportform.js";
import { startSound } from "./sound.js";
import { startSpeedCharts } from "./speedchart.js";
import { startTime } from "./time.js";
import { startUi } from "./ui.js";

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.scrollBehavior = "auto";
// A refused action answers 409 with the page that explains why: show it.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "409", swap: true },
  { code: "422", swap: true },
  { code: "...", swap: false, error: true },
];
window.htmx = htmx;

startTime();
startUi();
startKeys();
startSound();
startNotify();
startLive();
startSpeedCharts();
startReportForm();
startIntake();
startJunctions();
