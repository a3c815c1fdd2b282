// Vehicles as one WebGL layer: a point each, turned to its heading, gliding to its newest place.
//
// Positions come as 16-bit fractions of the city's bounding box. The processor turns them into
// Mercator offsets from the box's centre once when they arrive; the glide is done in the shader.
import { MercatorCoordinate } from "maplibre-gl";
import { palette } from "./mapstyle.js";

const HIDDEN = 65535;
const TOP = 65534;
/** Seconds a point takes to its next place. Longer would show where a vehicle no longer is. */
const GLIDE_S = 1.5;
const FRAME_MS = 66;
export const STATUS = { NORMAL: 0, ACTIVE: 1, OFFLINE: 2, POLICE: 3 };

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_now;
uniform float u_size;
in vec2 a_from;
in vec2 a_to;
in float a_since;
in float a_mark;
out float v_angle;
flat out int v_status;
void main() {
  float part = clamp((u_now - a_since) / ${GLIDE_S.toFixed(1)}, 0.0, 1.0);
  gl_Position = u_matrix * vec4(mix(a_from, a_to, part * part * (3.0 - 2.0 * part)), 0.0, 1.0);
  int mark = int(a_mark);
  v_status = mark & 15;
  v_angle = float(mark >> 4) * 0.39269908;
  gl_PointSize = u_size * (v_status == 1 ? 1.55 : v_status == 3 ? 1.4 : v_status == 2 ? 0.8 : 1.0);
  if (a_to.x > 8.0) gl_Position = vec4(9.0, 9.0, 9.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in float v_angle;
flat in int v_status;
uniform vec4 u_normal;
uniform vec4 u_active;
uniform vec4 u_offline;
uniform vec4 u_police;
uniform vec4 u_edge;
out vec4 colour;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  float c = cos(v_angle), s = sin(v_angle);
  vec2 q = vec2(c * p.x + s * p.y, -s * p.x + c * p.y);
  float d;
  if (v_status == 2) d = abs(length(p) - 0.42) - 0.16;
  else if (v_status == 3) d = max(abs(p.x), abs(p.y)) - 0.6;
  else {
    // An arrow head that points along the heading: two edges and a notch behind.
    float sides = max(dot(q, vec2(0.88, -0.47)), dot(q, vec2(-0.88, -0.47))) - 0.40;
    d = max(sides, q.y - 0.62 + 0.5 * (0.55 - abs(q.x)));
  }
  float soft = 0.14;
  float inside = 1.0 - smoothstep(-soft, 0.0, d);
  float around = 1.0 - smoothstep(0.0, 0.22, d);
  vec4 fill = v_status == 1 ? u_active : v_status == 2 ? u_offline : v_status == 3 ? u_police : u_normal;
  float alpha = max(inside * fill.a, around * u_edge.a);
  if (alpha < 0.02) discard;
  vec3 rgb = mix(u_edge.rgb, fill.rgb, inside);
  colour = vec4(rgb * alpha, alpha);
}`;

function shader(gl, kind, source) {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  if (!gl.getShaderParameter(made, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(made));
  return made;
}

function rgba(hex, alpha) {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255, alpha];
}

function inks() {
  const light = document.documentElement.dataset.bsTheme === "light";
  const ink = palette();
  return {
    u_normal: light ? rgba("#51606e", 0.95) : rgba("#8598a8", 0.95),
    u_active: light ? rgba("#10171e", 1) : rgba("#ffffff", 1),
    u_offline: light ? rgba("#97a3ad", 0.8) : rgba("#5b6874", 0.8),
    u_police: light ? rgba("#0b7268", 1) : rgba("#4fc0b1", 1),
    u_edge: rgba(ink.halo, 0.85),
  };
}

/** A MapLibre custom layer. `update` takes frames; `pick` tells which row is under a point. */
export class VehicleLayer {
  id = "vehicles";
  type = "custom";
  renderingMode = "2d";
  count = 0;
  shown = 0;
  renders = 0;

  /** `bbox` is [west, south, east, north] in degrees. */
  constructor(bbox) {
    const [west, south, east, north] = bbox;
    const low = MercatorCoordinate.fromLngLat([west, south]);
    const high = MercatorCoordinate.fromLngLat([east, north]);
    this.origin = [(low.x + high.x) / 2, (low.y + high.y) / 2];
    this.scale = high.x - low.x;
    this.left = low.x - this.origin[0];
    // Latitude to Mercator is not linear: one table instead of a logarithm a vehicle a second.
    this.rise = new Float32Array(65536);
    for (let index = 0; index < 65536; index += 1) {
      const lat = south + ((north - south) * index) / TOP;
      this.rise[index] = MercatorCoordinate.fromLngLat([west, lat]).y - this.origin[1];
    }
    this.began = performance.now();
    this.resize(4096);
  }

  resize(rows) {
    const grown = new Float32Array(rows * 6).fill(9);
    if (this.data) grown.set(this.data);
    this.data = grown;
    this.rows = rows;
  }

  now() {
    return (performance.now() - this.began) / 1000;
  }

  /** Take a frame: `x`, `y` 16-bit fractions (65535 hides the row), `mark` heading and status. */
  update(count, x, y, mark) {
    if (count > this.rows) this.resize(2 ** Math.ceil(Math.log2(count)));
    const { data, rise } = this;
    const now = this.now();
    let shown = 0;
    let online = 0;
    let active = 0;
    for (let row = 0; row < count; row += 1) {
      const at = row * 6;
      data[at + 5] = mark[row];
      if (x[row] === HIDDEN && y[row] === HIDDEN) {
        data[at + 2] = 9;
        continue;
      }
      shown += 1;
      const status = mark[row] & 15;
      if (status !== STATUS.OFFLINE) online += 1;
      if (status === STATUS.ACTIVE) active += 1;
      const toX = this.left + (this.scale * x[row]) / TOP;
      const toY = rise[y[row]];
      if (data[at + 2] > 8) {
        data[at] = data[at + 2] = toX;
        data[at + 1] = data[at + 3] = toY;
      } else if (Math.abs(data[at + 2] - toX) > 1e-9 || Math.abs(data[at + 3] - toY) > 1e-9) {
        data[at] = data[at + 2];
        data[at + 1] = data[at + 3];
        data[at + 2] = toX;
        data[at + 3] = toY;
        data[at + 4] = now;
      }
    }
    this.count = count;
    this.shown = shown;
    this.counts = { online, active };
    this.fresh = true;
    this.map?.triggerRepaint();
  }

  /** The row nearest to a place, within `pixels` on screen; -1 if there is none. */
  pick(lngLat, pixels = 14) {
    const click = MercatorCoordinate.fromLngLat(lngLat);
    const px = click.x - this.origin[0];
    const py = click.y - this.origin[1];
    const world = 512 * 2 ** this.map.getZoom();
    let best = (pixels / world) ** 2;
    let found = -1;
    for (let row = 0; row < this.count; row += 1) {
      const dx = this.data[row * 6 + 2] - px;
      const dy = this.data[row * 6 + 3] - py;
      const distance = dx * dx + dy * dy;
      // Police and offending vehicles win where points lie on top of each other.
      if (distance < best) {
        best = distance;
        found = row;
      }
    }
    return found;
  }

  /** [lng, lat] of a row, or null if it is hidden. */
  place(row) {
    const x = this.data[row * 6 + 2];
    if (row < 0 || row >= this.count || x > 8) return null;
    return new MercatorCoordinate(x + this.origin[0], this.data[row * 6 + 3] + this.origin[1]).toLngLat();
  }

  onAdd(map, gl) {
    this.map = map;
    const program = gl.createProgram();
    gl.attachShader(program, shader(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    this.program = program;
    this.buffer = gl.createBuffer();
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    for (const [name, size, offset] of [["a_from", 2, 0], ["a_to", 2, 8], ["a_since", 1, 16], ["a_mark", 1, 20]]) {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, 24, offset);
    }
    gl.bindVertexArray(null);
    this.uniforms = {};
    for (const name of ["u_matrix", "u_now", "u_size", "u_normal", "u_active", "u_offline", "u_police", "u_edge"]) {
      this.uniforms[name] = gl.getUniformLocation(program, name);
    }
    this.inks = inks();
    this.timer = setInterval(() => {
      // Nothing glides long after the last frame: leave the processor alone then.
      if (this.count && this.now() - this.lastFrame < GLIDE_S + 0.2) map.triggerRepaint();
    }, FRAME_MS);
  }

  onRemove(_, gl) {
    clearInterval(this.timer);
    gl.deleteProgram(this.program);
    gl.deleteBuffer(this.buffer);
    gl.deleteVertexArray(this.array);
  }

  render(gl, options) {
    if (!this.count) return;
    // The origin is added to the matrix in double precision; the points stay small numbers.
    const m = options.defaultProjectionData?.mainMatrix ?? options.modelViewProjectionMatrix;
    const [ox, oy] = this.origin;
    const matrix = Float32Array.from(m);
    for (let row = 0; row < 4; row += 1) matrix[12 + row] = m[row] * ox + m[4 + row] * oy + m[12 + row];
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    if (this.fresh) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
      gl.bufferData(gl.ARRAY_BUFFER, this.data.subarray(0, this.count * 6), gl.DYNAMIC_DRAW);
      this.fresh = false;
      this.lastFrame = this.now();
    }
    gl.uniformMatrix4fv(this.uniforms.u_matrix, false, matrix);
    gl.uniform1f(this.uniforms.u_now, this.now());
    const zoom = this.map.getZoom();
    gl.uniform1f(this.uniforms.u_size, Math.min(24, Math.max(7, 7.5 + (zoom - 9) * 2.2)) * devicePixelRatio);
    for (const [name, value] of Object.entries(this.inks)) gl.uniform4fv(this.uniforms[name], value);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.drawArrays(gl.POINTS, 0, this.count);
    gl.bindVertexArray(null);
    this.renders += 1;
  }
}
