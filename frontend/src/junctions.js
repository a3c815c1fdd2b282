// Junction pages: the film of two simulated plans, and the audit form's shortcut.
const SPEED = 4;
const SHOWN_M = 130;
const HEAD = 12;

/** A film as ``plan.microsim.outputs.film`` writes it: frames of [number, x, y, heading, heavy]. */
function read(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0) !== 0x535a4a31) throw new Error("not a film");
  const begin = view.getUint16(4, true);
  const count = view.getUint16(6, true);
  const scale = view.getUint16(8, true);
  const size = view.getUint16(10, true);
  const frames = [];
  let at = HEAD;
  for (let n = 0; n < count; n += 1) {
    const rows = new Map();
    const vehicles = view.getUint16(at, true);
    at += 2;
    for (let v = 0; v < vehicles; v += 1, at += size) {
      rows.set(view.getUint16(at, true), [
        view.getInt16(at + 2, true) / scale,
        view.getInt16(at + 4, true) / scale,
        (view.getUint8(at + 6) / 256) * 2 * Math.PI,
        view.getUint8(at + 7),
      ]);
    }
    frames.push(rows);
  }
  return { begin, frames };
}

/** What stands at a moment of a plan: per arm and lane "green", "yellow" or "red". */
function lamps(plan, second) {
  let at = second % plan.cycle_s;
  for (let n = 0; n < plan.phases.length; n += 1) {
    const phase = plan.phases[n];
    const next = plan.phases[(n + 1) % plan.phases.length];
    const whole = phase.green_s + phase.yellow_s + phase.all_red_s;
    if (at < whole) {
      return (movement) => {
        if (!phase.movements.includes(movement)) return "red";
        if (at < phase.green_s || next.movements.includes(movement)) return "green";
        return at < phase.green_s + phase.yellow_s ? "yellow" : "red";
      };
    }
    at -= whole;
  }
  return () => "red";
}

function painter(canvas, scene, plan, film) {
  const context = canvas.getContext("2d");
  const scale = canvas.width / (2 * SHOWN_M);
  const half = Math.max(...scene.arms.map((arm) => arm.in.reduce((a, b) => a + b, 0))) + 8;
  const inside = canvas.parentElement.querySelector("[data-inside]");
  const colour = (name) => getComputedStyle(canvas).getPropertyValue(name);
  const ground = () => {
    context.setTransform(scale, 0, 0, scale, canvas.width / 2, canvas.height / 2);
    context.clearRect(-SHOWN_M, -SHOWN_M, 2 * SHOWN_M, 2 * SHOWN_M);
    for (const arm of scene.arms) {
      context.save();
      context.rotate((arm.bearing * Math.PI) / 180);
      const left = arm.in.reduce((a, b) => a + b, 0);
      const right = arm.out * 3.2;
      context.fillStyle = colour("--sz-hover");
      context.fillRect(-left, -SHOWN_M * 1.5, left + right, SHOWN_M * 1.5 + 4);
      context.fillStyle = colour("--sz-line-strong");
      context.fillRect(-0.15, -SHOWN_M * 1.5, 0.3, SHOWN_M * 1.5 - half);
      context.restore();
    }
  };
  const heads = (second) => {
    const state = lamps(plan, second);
    for (const arm of scene.arms) {
      context.save();
      context.rotate((arm.bearing * Math.PI) / 180);
      let x = 0;
      arm.in.forEach((width, n) => {
        const turns = arm.lanes[n];
        const turn = turns.includes("T") ? "T" : turns[0];
        context.fillStyle = colour(`--sz-lamp-${state(`${arm.id}.${turn}`)}`);
        context.fillRect(x - width + 0.3, -half - 2, width - 0.6, 2.4);
        x -= width;
      });
      context.restore();
    }
  };
  return (second) => {
    ground();
    heads(second);
    const place = Math.min(Math.max(second - film.begin, 0), film.frames.length - 1);
    const first = film.frames[Math.floor(place)];
    const later = film.frames[Math.min(Math.floor(place) + 1, film.frames.length - 1)];
    const part = place - Math.floor(place);
    let shown = 0;
    for (const [number, [x, y, heading, heavy]] of first) {
      if (Math.abs(x) < SHOWN_M && Math.abs(y) < SHOWN_M) shown += 1;
      const [toX, toY, , ] = later.get(number) ?? [x, y];
      context.save();
      context.translate(x + (toX - x) * part, -(y + (toY - y) * part));
      context.rotate(heading);
      context.fillStyle = colour(heavy ? "--sz-muted" : "--sz-accent");
      const length = heavy ? 10.5 : 4.8;
      context.fillRect(-1, 0, 2, length);
      context.restore();
    }
    if (inside) inside.textContent = shown;
  };
}

async function startFilm(element) {
  const scene = JSON.parse(document.getElementById(element.dataset.scene).textContent);
  let films;
  try {
    films = await Promise.all(
      [element.dataset.before, element.dataset.after].map(async (url) => {
        const answer = await fetch(url);
        if (!answer.ok) throw new Error(answer.statusText);
        return read(await answer.arrayBuffer());
      }),
    );
  } catch {
    element.textContent = element.dataset.failed;
    return;
  }
  const canvases = [...element.querySelectorAll("canvas")];
  const paint = canvases.map((canvas, n) => painter(canvas, scene, scene.plans[n], films[n]));
  const seek = element.querySelector("[data-seek]");
  const clock = element.querySelector("[data-time]");
  const button = element.querySelector("[data-play]");
  const whole = Math.min(...films.map((film) => film.frames.length)) - 1;
  seek.max = String(whole);
  let at = 0;
  let running = false;
  let before = 0;
  const show = () => {
    for (const one of paint) one(films[0].begin + at);
    seek.value = String(Math.floor(at));
    const seconds = Math.floor(at);
    clock.textContent = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  };
  const step = (now) => {
    if (!running) return;
    at = (at + ((now - before) / 1000) * SPEED) % whole;
    before = now;
    show();
    requestAnimationFrame(step);
  };
  button.addEventListener("click", () => {
    running = !running;
    button.setAttribute("aria-pressed", String(running));
    before = performance.now();
    if (running) requestAnimationFrame(step);
  });
  seek.addEventListener("input", () => {
    at = Number(seek.value);
    show();
  });
  show();
  element.dataset.ready = "true";
}

export function startJunctions() {
  for (const element of document.querySelectorAll("[data-film]")) startFilm(element);
  const form = document.querySelector("[data-audit-form]");
  form?.querySelector("[data-all-good]")?.addEventListener("click", () => {
    for (const item of form.querySelectorAll("[data-item]")) {
      if (!item.querySelector("input[type=radio]:checked")) item.querySelector("input[value=good]").checked = true;
    }
  });
}
