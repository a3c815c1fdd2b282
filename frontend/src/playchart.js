// Speed over time under the player's map: a curve a vehicle, the limit as a dashed line, detections
// and gaps as bands.
import * as echarts from "echarts/core";
import { LineChart } from "echarts/charts";
import { DataZoomInsideComponent, GridComponent, MarkAreaComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { gapsOf } from "./playtrack.js";
import { axisMoment, exact, feedNow } from "./time.js";
import { say } from "./words.js";

echarts.use([LineChart, DataZoomInsideComponent, GridComponent, MarkAreaComponent, TooltipComponent, CanvasRenderer]);

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

/** Colours of several vehicles: none of the four that belong to warnings. */
export const COLOURS = ["#3f9f93", "#8a7fc8", "#a8844f", "#6f8f9f", "#b26fa5", "#6f9a4f", "#4f83a8", "#9a6f6f", "#5fa07f", "#7f7f5f", "#8f6fb0", "#5f8f8f"];

/** [ms, value] pairs of one column, with a null wherever a silence breaks the line. */
function pairs(track, column, gap) {
  const rows = [];
  track.t.forEach((t, at) => {
    if (at && t - track.t[at - 1] > gap) rows.push([(track.t[at - 1] + 1) * 1000, null]);
    rows.push([t * 1000, track[column][at]]);
  });
  return rows;
}

/** Silence before the first position and after the last, as far as the span has passed. */
function silentEnds({ t }, { from, to, gap }) {
  if (!t.length) return [];
  const ends = [[from, t[0]], [t.at(-1), Math.min(to, feedNow())]];
  return ends.filter(([start, end]) => end - start > gap);
}

function option(tracks, data) {
  const ink = { text: css("--sz-text"), muted: css("--sz-muted"), line: css("--sz-line"), strong: css("--sz-line-strong"), accent: css("--sz-accent"), surface: css("--sz-raised"), font: css("--sz-font") };
  const one = tracks.length === 1;
  // A day with many episodes would be a heap of words; the list below the player has them.
  const few = data.marks.length <= 4;
  const bands = data.marks.map((mark) => [
    { name: mark.label, xAxis: mark.from * 1000, itemStyle: { color: ink.accent, opacity: 0.18 }, label: { show: few, color: ink.text, fontSize: 11, position: "insideTop" } },
    { xAxis: Math.max(mark.to, mark.from + 1) * 1000 },
  ]);
  if (one) {
    for (const [from, to] of [...gapsOf(tracks[0], data.gap), ...silentEnds(tracks[0], data)]) {
      bands.push([{ xAxis: from * 1000, itemStyle: { color: ink.strong, opacity: 0.28 }, label: { show: false } }, { xAxis: to * 1000 }]);
    }
  }
  const series = tracks.map((track, at) => ({
    type: "line",
    name: track.label,
    data: pairs(track, "speed", data.gap),
    showSymbol: false,
    connectNulls: false,
    sampling: "max",
    lineStyle: { width: 1.6 },
    itemStyle: { color: one ? ink.accent : COLOURS[at % COLOURS.length] },
    markArea: at ? undefined : { silent: true, data: bands },
  }));
  if (one && tracks[0].limit.some((limit) => limit !== null)) {
    series.push({ type: "line", name: say("limit"), data: pairs(tracks[0], "limit", data.gap), step: "end", showSymbol: false, connectNulls: false, itemStyle: { color: ink.text }, lineStyle: { width: 1.2, type: "dashed" } });
  }
  const axis = { axisLine: { lineStyle: { color: ink.line } }, axisTick: { show: false }, axisLabel: { color: ink.muted, fontSize: 12, hideOverlap: true } };
  return {
    animation: false,
    textStyle: { fontFamily: ink.font },
    grid: { left: 44, right: 14, top: 20, bottom: 24 },
    tooltip: {
      trigger: "axis",
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text, fontSize: 13 },
      formatter: (rows) => [`<b>${exact(rows[0].value[0] / 1000)}</b>`, ...rows.filter((row) => row.value[1] !== null).map((row) => `${escape(row.seriesName)} ${row.value[1]} km/h`)].join("<br>"),
    },
    dataZoom: [{ type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: false }],
    xAxis: { type: "time", min: data.from * 1000, max: data.to * 1000, ...axis, axisLabel: { ...axis.axisLabel, formatter: (ms) => axisMoment(ms / 1000) } },
    yAxis: { type: "value", min: 0, name: "km/h", nameTextStyle: { color: ink.muted, align: "right" }, splitLine: { lineStyle: { color: ink.line } }, ...axis },
    series,
  };
}

/** The chart; `at(t)` is the pixel of a moment or null, `onPick(act)` hands over a clicked moment. */
export function speedChart(element, tracks, data) {
  const chart = echarts.init(element);
  chart.setOption(option(tracks, data));
  element.dataset.drawn = "yes";
  let resized = () => {};
  new ResizeObserver(() => {
    chart.resize();
    resized();
  }).observe(element);
  chart.on("datazoom", () => resized());
  return {
    at(t) {
      const x = chart.convertToPixel({ xAxisIndex: 0 }, t * 1000);
      return x >= 43 && x <= element.clientWidth - 13 ? x : null;
    },
    range(from, to) {
      chart.setOption({ xAxis: { min: from * 1000, max: to * 1000 } });
    },
    onPick(act) {
      chart.getZr().on("click", (event) => act(chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX) / 1000));
    },
    onResize(act) {
      resized = act;
    },
  };
}
