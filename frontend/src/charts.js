// Indicators as charts, with a theme of our own: ECharts' axis text is too dim on dark.
import * as echarts from "echarts/core";
import { BarChart, LineChart, CustomChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, MarkLineComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { say } from "./words.js";
import { startWall } from "./wall.js";

echarts.use([BarChart, LineChart, CustomChart, GridComponent, LegendComponent, TooltipComponent, MarkLineComponent, CanvasRenderer]);

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function theme() {
  return { text: css("--sz-text"), muted: css("--sz-muted"), line: css("--sz-line"), accent: css("--sz-accent"), surface: css("--sz-raised"), font: css("--sz-font") };
}

const number = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 1 });
const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

/** Room for a legend of the bars and so many lines: on a phone each line has a row, on a desk two share one. */
function legendPx(lines) {
  const rows = window.innerWidth < 768 ? lines : Math.ceil((lines + 1) / 2);
  return 20 * rows + 6;
}

/**
 * One indicator: {unit, target, points: [{label, value, low, high, numerator, denominator, n}]}, and for a comparison
 * name (of the bars) and lines: [{name, values, dots}], values or dots beside the bars, with a legend.
 * A missing value is a gap, never a zero; the axis starts at zero.
 */
function option(data) {
  const ink = theme();
  const axis = { axisLine: { lineStyle: { color: ink.line } }, axisTick: { show: false }, axisLabel: { color: ink.muted, fontSize: 12 } };
  const share = data.unit === "%";
  const others = data.lines ?? [];
  const marks = ["diamond", "triangle", "rect", "circle"];
  const bars = data.points.map((point) => (point.value === null ? "-" : point.value));
  return {
    animation: false,
    textStyle: { fontFamily: ink.font },
    grid: { left: 46, right: 14, top: 22, bottom: others.length ? legendPx(others.length) + 26 : 26 },
    legend: others.length ? { bottom: 0, itemWidth: 18, itemHeight: 9, textStyle: { color: ink.text, fontSize: 12 }, data: [data.name, ...others.map((one) => one.name)] } : undefined,
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: ink.line, opacity: 0.45 } },
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text, fontSize: 13 },
      formatter: ([first]) => {
        const point = data.points[first.dataIndex];
        const rows = [`<b>${escape(point.label)}</b>`];
        rows.push(point.value === null ? say("no_data") : `${number.format(point.value)} ${escape(data.unit)}`);
        if (point.low !== null && point.low !== undefined) rows.push(`${say("interval")} ${number.format(point.low)}–${number.format(point.high)}`);
        if (point.denominator !== null && point.denominator !== undefined) rows.push(`${say("numerator")} ${number.format(point.numerator)} / ${say("denominator")} ${number.format(point.denominator)}`);
        else if (point.n !== undefined) rows.push(`n = ${number.format(point.n)}`);
        for (const one of others) rows.push(`${escape(one.name)} ${number.format(one.values[first.dataIndex])} ${escape(data.unit)}`);
        return rows.join("<br>");
      },
    },
    xAxis: { type: "category", data: data.points.map((point) => point.label), ...axis },
    yAxis: { type: "value", min: 0, max: share ? 100 : undefined, name: data.unit, nameTextStyle: { color: ink.muted, align: "right" }, splitLine: { lineStyle: { color: ink.line } }, ...axis },
    series: [
      {
        type: "bar",
        name: data.name,
        data: bars,
        barMaxWidth: 26,
        itemStyle: { color: ink.muted, borderRadius: [3, 3, 0, 0] },
        markLine: data.target === null || data.target === undefined ? undefined : { symbol: "none", silent: true, lineStyle: { color: ink.accent, type: "dashed" }, label: { color: ink.accent, position: "insideEndTop", formatter: `${say("target")} ${number.format(data.target)}` }, data: [{ yAxis: data.target }] },
      },
      {
        // The interval as a whisker on each bar.
        type: "custom",
        silent: true,
        data: data.points.map((point, index) => [index, point.low, point.high]).filter((row) => row[1] !== null && row[1] !== undefined),
        encode: { x: 0, y: [1, 2] },
        renderItem: (_, api) => {
          const x = api.coord([api.value(0), 0])[0];
          const low = api.coord([0, api.value(1)])[1];
          const high = api.coord([0, api.value(2)])[1];
          const stroke = { stroke: ink.text, lineWidth: 1.5 };
          const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: stroke });
          return { type: "group", children: [line(x, low, x, high), line(x - 4, low, x + 4, low), line(x - 4, high, x + 4, high)] };
        },
      },
      ...others.map((one, index) => ({
        type: "line",
        name: one.name,
        data: one.values,
        symbol: marks[index % marks.length],
        symbolSize: 8,
        color: one.dots ? ink.accent : ink.text,
        lineStyle: { width: one.dots ? 0 : 1.5, type: ["dashed", "dotted", "solid"][index % 3] },
      })),
    ],
  };
}

export function startCharts() {
  for (const element of document.querySelectorAll("[data-chart]")) {
    const source = document.getElementById(element.dataset.chart);
    const chart = echarts.init(element);
    chart.setOption(option(JSON.parse(source.textContent)));
    element.dataset.drawn = "yes";
    new ResizeObserver(() => chart.resize()).observe(element);
  }
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-table-toggle]");
    if (!toggle) return;
    const card = toggle.closest(".sz-card");
    const table = card.querySelector("[data-table]");
    const chart = card.querySelector("[data-chart]");
    table.hidden = !table.hidden;
    chart.hidden = !table.hidden;
    toggle.setAttribute("aria-pressed", String(!table.hidden));
    if (!chart.hidden) echarts.getInstanceByDom(chart).resize();
  });
}

startCharts();
startWall();
