// The risk map: segments and junctions coloured by a layer or by one hour of the forecast.
//
// Shapes are loaded once a run. What colours them are columns of float32 (a few kilobytes), and
// an hour ahead is one more column: moving the slider fetches that and sets feature states, so
// nothing is parsed or tiled anew. What moves the hour comes from the server as words.
import { makeMap, whenReady } from "./mapbase.js";
import { palette } from "./mapstyle.js";

const RAMPS = {
  dark: { level: ["#3a3346", "#5a4478", "#7f5aa8", "#a87bd4", "#cfa6f2", "#f4e4ff"], width: ["#22343a", "#2c525a", "#39747c", "#4b98a0", "#6cc0c6", "#a6eaec"], less: ["#2f7f78", "#3a5652"], flat: "#38424d" },
  light: { level: ["#d9d2de", "#c3afd3", "#a483c2", "#8152a8", "#5c2485", "#35065a"], width: ["#cfdfe1", "#a8ccd0", "#7bb1b7", "#4c9098", "#236b74", "#0a4850"], less: ["#2b8f84", "#a3c7c2"], flat: "#c2cad1" },
};
const SHARES = [0.5, 0.75, 0.9, 0.97, 0.995];
/** How uncertain an estimate is before it looks so: interval over estimate. */
const SURE = 1.2;
const UNSURE = 3;
const HOURS_A_YEAR = 24 * 365.2425;
/** Milliseconds that the slider rests before the words of an hour are fetched. */
const REST = 150;

export function startRiskMap(element) {
  const map = makeMap(element, { padding: innerWidth < 768 ? { top: 16, bottom: innerHeight * 0.48, left: 12, right: 12 } : { top: 20, bottom: 20, left: 360, right: 20 } });
  window.sizaoMap = map;
  const words = JSON.parse(document.getElementById("sz-risk-words").textContent);
  const days = JSON.parse(document.getElementById("sz-risk-ahead").textContent);
  const ramp = RAMPS[document.documentElement.dataset.bsTheme === "light" ? "light" : "dark"];
  const ink = palette();
  const state = { layer: element.dataset.layer, day: null, hour: 0, meta: null, column: null, hours: new Map(), chosen: -1 };

  const panel = document.querySelector(".sz-risk-panel");

  whenReady(map, async () => {
    const meta = await (await fetch(element.dataset.meta)).json();
    const [shapes, values] = await Promise.all([
      fetch(meta.shapes).then((answer) => answer.json()),
      fetch(meta.values).then((answer) => answer.arrayBuffer()),
    ]);
    const flat = new Float32Array(values);
    const n = meta.site.length;
    state.meta = meta;
    state.column = Object.fromEntries(meta.columns.map((name, index) => [name, flat.subarray(index * n, (index + 1) * n)]));
    draw(shapes);
    show();
    element.dataset.sites = n;
    const wanted = meta.site.indexOf(element.dataset.site);
    if (wanted >= 0) focus(wanted, shapes.features[wanted].geometry);
    const asked = panel.querySelector(`[name=day][value="${CSS.escape(element.dataset.day)}"]`);
    if (element.dataset.day && asked && !asked.disabled) {
      asked.checked = true;
      retime();
    }
  });

  function draw(shapes) {
    map.addSource("risk", { type: "geojson", data: shapes, tolerance: 0.3 });
    const of = (key, other) => ["coalesce", ["feature-state", key], other];
    const wide = (factor, extra) => ["interpolate", ["exponential", 1.5], ["zoom"], 8, ["*", of("w", 1), 0.9 * factor], 13, ["+", ["*", of("w", 1), 2.6 * factor], extra], 17, ["+", ["*", of("w", 1), 7 * factor], extra]];
    const round = { "line-cap": "round", "line-join": "round", "line-sort-key": 0 };
    const before = map.getLayer("station") ? "station" : undefined;
    const line = ["==", ["geometry-type"], "LineString"];
    const point = ["==", ["geometry-type"], "Point"];
    map.addLayer({ id: "risk-chosen", type: "line", source: "risk", filter: line, layout: round, paint: { "line-color": ink.place, "line-width": wide(1, 7), "line-opacity": of("x", 0) } }, before);
    map.addLayer({ id: "risk-line", type: "line", source: "risk", filter: line, layout: round, paint: { "line-color": of("c", ramp.flat), "line-width": wide(1, 0), "line-opacity": of("o", 1) } }, before);
    // Dashes in the colour of the ground: the line is broken where it is mostly inferred.
    map.addLayer({ id: "risk-dash", type: "line", source: "risk", filter: line, layout: { "line-join": "round" }, paint: { "line-color": ink.ground, "line-width": wide(0.5, 0), "line-opacity": of("d", 0), "line-dasharray": [1.2, 2.2] } }, before);
    map.addLayer({ id: "risk-point", type: "circle", source: "risk", filter: point, paint: { "circle-color": of("c", ramp.flat), "circle-opacity": of("o", 1), "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, ["*", of("w", 1), 0.9], 13, ["+", ["*", of("w", 1), 1.8], 1]], "circle-stroke-color": ["case", [">", of("x", 0), 0], ink.place, ink.ground], "circle-stroke-width": ["case", [">", of("x", 0), 0], 3, 1] } }, before);
  }

  /** The layer's number a site: a kilometre and year on segments, a year at junctions. */
  function measure() {
    const { column, meta } = state;
    const size = (row) => (row < meta.segments ? Math.max(meta.length[row], 0.05) : 1) * meta.years;
    switch (state.layer) {
      case "observed": return Float32Array.from(column.observed, (value, row) => value / size(row));
      case "excess": return Float32Array.from(column.expected, (value, row) => (value - column.predicted[row]) / size(row));
      case "uncertainty": return Float32Array.from(column.upper, (value, row) => (value - column.lower[row]) / Math.max(column.expected[row], 1e-6));
      default: return column.rate;
    }
  }

  /** Upper bounds of all classes but the last, by the spread of the values of one kind. */
  function breaks(values, from, to) {
    const sorted = Array.from(values.subarray(from, to)).filter((value) => value > 0).sort((a, b) => a - b);
    if (!sorted.length) return SHARES.map(() => Infinity);
    return SHARES.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  }

  const classOf = (value, limits) => limits.filter((limit) => value >= limit).length;

  async function show() {
    const { column, meta } = state;
    if (!column) return;
    const n = meta.site.length;
    const base = measure();
    const rules = state.layer === "rules";
    const limits = [breaks(base, 0, meta.segments), breaks(base, meta.segments, n)];
    let values = base;
    if (state.day) {
      // A year of that hour, as if every hour were like it: comparable with the year's colours.
      const asked = `${state.day.forecast}/${state.day.first + state.hour}`;
      const hour = await hourly(state.day.forecast, state.day.first + state.hour);
      if (!state.day || asked !== `${state.day.forecast}/${state.day.first + state.hour}`) return; // moved on meanwhile
      values = Float32Array.from(hour, (value, row) => (value * HOURS_A_YEAR) / (row < meta.segments ? Math.max(meta.length[row], 0.05) : 1));
    }
    for (let row = 0; row < n; row += 1) {
      const kind = row < meta.segments ? 0 : 1;
      const spread = (column.upper[row] - column.lower[row]) / Math.max(column.expected[row], 1e-6);
      const sure = Math.min(1, Math.max(0, (UNSURE - spread) / (UNSURE - SURE)));
      let level = classOf(values[row], limits[kind]);
      let colour = (state.layer === "uncertainty" ? ramp.width : ramp.level)[level];
      let opacity = 0.45 + 0.55 * sure;
      let dash = column.own_weight[row] < 0.5 && level >= 2 ? 0.75 : 0;
      if (state.layer === "observed" || state.layer === "uncertainty") [opacity, dash] = [1, 0];
      if (state.layer === "observed" && values[row] === 0) [colour, level] = [ramp.flat, 0];
      if (state.layer === "excess" && values[row] <= 0) [colour, level, dash] = [values[row] < -0.15 ? ramp.less[0] : ramp.less[1], values[row] < -0.15 ? 1 : 0, 0];
      if (rules) {
        const [listed, worse] = [column.listed[row] > 0, meta.worse[row]];
        level = listed && worse ? 5 : listed || worse ? 3 : 0;
        colour = listed && worse ? ramp.level[5] : worse ? ramp.level[3] : listed ? ramp.width[3] : ramp.flat;
        [opacity, dash] = [1, 0];
      }
      map.setFeatureState({ source: "risk", id: row }, { c: colour, w: 1 + level * 0.55, o: opacity, d: dash, x: row === state.chosen ? 1 : 0 });
    }
    legend(limits);
    element.dataset.shown = `${state.layer}${state.day ? `@${state.day.day}T${state.hour}` : ""}`;
  }

  async function hourly(forecast, hour) {
    const get = (at) => {
      const address = state.meta.hour.replace("{forecast}", forecast).replace("{hour}", at);
      if (!state.hours.has(address)) state.hours.set(address, fetch(address).then((answer) => (answer.ok ? answer.arrayBuffer() : new ArrayBuffer(0))).then((data) => new Float32Array(data)));
      return state.hours.get(address);
    };
    if (state.hour < 23) get(hour + 1);
    return get(hour);
  }

  /** Words of the hour, and of the day so far, from the server. */
  async function tell() {
    const [why, since] = [panel.querySelector("[data-why]"), panel.querySelector("[data-since]")];
    const { day, hour, meta } = state;
    if (!why || !meta) return;
    why.hidden = !day;
    since.hidden = !day?.begun;
    mark([]);
    if (!day) return;
    const site = state.chosen >= 0 ? `&site=${encodeURIComponent(meta.site[state.chosen])}` : "";
    const ask = async (address, box) => {
      const answer = await fetch(address);
      if (state.day !== day || state.hour !== hour) return false;
      box.innerHTML = answer.ok ? await answer.text() : "";
      return answer.ok;
    };
    await ask(meta.why.replace("{forecast}", day.forecast).replace("{hour}", day.first + hour) + site, why);
    if (day.begun && (await ask(meta.since.replace("{day}", day.day), since))) mark(JSON.parse(since.querySelector("script").textContent));
    element.dataset.told = `${day.day}T${hour}`;
  }

  /** Crashes of the day so far; those of the chosen hour stand out. */
  function mark(crashes) {
    const data = { type: "FeatureCollection", features: crashes.map((one) => ({ type: "Feature", properties: { now: one.hour === state.hour }, geometry: { type: "Point", coordinates: [one.lon, one.lat] } })) };
    if (map.getSource("risk-crashes")) map.getSource("risk-crashes").setData(data);
    else if (crashes.length) {
      map.addSource("risk-crashes", { type: "geojson", data });
      map.addLayer({ id: "risk-crashes", type: "circle", source: "risk-crashes", paint: { "circle-radius": ["case", ["get", "now"], 8, 5], "circle-color": ink.ground, "circle-stroke-color": ink.place, "circle-stroke-width": ["case", ["get", "now"], 3, 2] } });
    }
  }

  function legend(limits) {
    const box = document.querySelector("[data-legend]");
    const key = (colour, text, dash = false) => {
      const item = document.createElement("span");
      item.className = "sz-key";
      const line = document.createElement("i");
      line.style.background = dash ? `repeating-linear-gradient(90deg, ${colour} 0 7px, transparent 7px 11px)` : colour;
      item.append(line, text);
      return item;
    };
    if (state.layer === "rules") {
      box.replaceChildren(key(ramp.level[5], words.both), key(ramp.width[3], words.rule), key(ramp.level[3], words.estimate), key(ramp.flat, words.neither));
      return;
    }
    const colours = state.layer === "uncertainty" ? ramp.width : ramp.level;
    const digits = (value) => (Number.isFinite(value) ? value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : 1) : "–");
    const head = (text) => Object.assign(document.createElement("h2"), { textContent: text });
    const unit = `${words.per_km} ｜ ${words.per_year}`;
    const rows = [head(state.layer === "uncertainty" ? words.width : state.day ? words.as_if.replace("{unit}", unit) : unit)];
    if (state.layer === "excess") rows.push(key(ramp.less[0], words.less));
    for (let level = 0; level < colours.length; level += 1) {
      const range = (kind) => (level ? `≥ ${digits(limits[kind][level - 1])}` : `< ${digits(limits[kind][0])}`);
      rows.push(key(colours[level], `${range(0)} ｜ ${range(1)}`));
    }
    if (["expected", "excess"].includes(state.layer)) rows.push(key(ramp.level[4], words.sure), key(ramp.level[3], words.unsure, true));
    box.replaceChildren(...rows);
  }

  function facts(row) {
    const { meta, column } = state;
    const box = document.querySelector("[data-site-facts]");
    const link = Object.assign(document.createElement("a"), { href: meta.page.replace("{site}", meta.site[row]).replace("%7Bsite%7D", meta.site[row]), textContent: words.open, className: "sz-btn sz-btn-sm sz-btn-primary" });
    const title = Object.assign(document.createElement("h2"), { textContent: meta.place[row] });
    const list = document.createElement("dl");
    list.className = "sz-kv";
    const add = (name, value) => list.append(Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value }));
    add(words.rank, meta.rank[row]);
    add(words.observed, column.observed[row].toFixed(0));
    add(words.predicted, column.predicted[row].toFixed(1));
    add(words.expected, column.expected[row].toFixed(1));
    add(words.interval, `${column.lower[row].toFixed(1)}–${column.upper[row].toFixed(1)}`);
    add(words.worse, `${Math.min(99, Math.round(column.p_worse[row] * 100))} %`);
    box.replaceChildren(title, list, link);
    box.hidden = false;
    box.dataset.site = meta.site[row];
    tell();
  }

  function choose(row) {
    if (state.chosen >= 0) map.setFeatureState({ source: "risk", id: state.chosen }, { x: 0 });
    state.chosen = row;
    map.setFeatureState({ source: "risk", id: row }, { x: 1 });
    facts(row);
  }

  function focus(row, geometry) {
    choose(row);
    const place = geometry.type === "Point" ? geometry.coordinates : geometry.coordinates[Math.floor(geometry.coordinates.length / 2)];
    map.jumpTo({ center: place, zoom: 13 });
  }

  const near = (event) => [[event.point.x - 6, event.point.y - 6], [event.point.x + 6, event.point.y + 6]];
  const pick = (event) => map.queryRenderedFeatures(near(event), { layers: ["risk-point", "risk-line"].filter((id) => map.getLayer(id)) })[0];
  map.on("click", (event) => {
    const found = pick(event);
    if (found) choose(Number(found.id));
  });
  map.on("mousemove", (event) => (map.getCanvas().style.cursor = pick(event) ? "pointer" : ""));

  const slider = panel.querySelector("[data-hour]");
  const word = panel.querySelector("[data-hour-word]");
  let rest = 0;
  panel.addEventListener("change", (event) => {
    if (event.target.name === "layer") {
      state.layer = event.target.value;
      // A forecast is of what is expected; the other layers are of the years.
      const year = panel.querySelector("[name=day][value='']");
      if (state.layer !== "expected" && year) year.checked = true;
      retime();
    }
    if (event.target.name === "day") {
      if (event.target.value) {
        state.layer = "expected";
        panel.querySelector("[name=layer][value=expected]").checked = true;
        event.target.closest("label").scrollIntoView({ block: "nearest", inline: "center" });
      }
      retime();
    }
  });
  slider?.addEventListener("input", retime);

  function retime() {
    const chosen = panel.querySelector("[name=day]:checked")?.value;
    state.day = days.find((one) => one.day === chosen) ?? null;
    if (slider) {
      slider.disabled = !state.day;
      state.hour = Number(slider.value);
      const text = state.day ? `${state.day.word} ${state.day.date} ${words.hour.replace("{hour}", state.hour).replace("{next}", state.hour + 1)}` : words.year;
      word.textContent = text;
      slider.setAttribute("aria-valuetext", text);
    }
    show();
    clearTimeout(rest);
    rest = setTimeout(tell, state.day ? REST : 0);
  }
}
