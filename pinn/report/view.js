// The field of a run on a canvas: turned, moved, zoomed, deformed, over time, with the values under the cursor.
"use strict";

function decoded(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Kind(bytes.buffer);
}

// Rows of the rotation by `turn` about the upright axis, then by `tilt` about the horizontal one.
function rotation(turn, tilt) {
  const [a, b, c, d] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  return [[a, b, 0], [-b * d, a * d, c], [b * c, -a * c, d]];
}

// Node positions on the screen, and how near they are: arrays of length N.
function projected(view, state) {
  const { points, dimension, count } = view;
  const moved = state.values && view.displacement.map((name) => state.values[name]);
  const rows = dimension === 3 ? rotation(state.turn, state.tilt) : [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  const [x, y, depth] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  const at = [0, 0, 0];
  for (let node = 0; node < count; node++) {
    for (let axis = 0; axis < dimension; axis++) {
      const shift = moved && moved.length ? state.deform * (state.swing ?? 1) * moved[axis][node] : 0;
      at[axis] = (points[node * dimension + axis] + shift - view.centre[axis]) * view.stretch[axis];
    }
    const [right, up, near] = rows.map((row) => row[0] * at[0] + row[1] * at[1] + row[2] * at[2]);
    x[node] = state.width / 2 + state.zoom * right + state.panX;
    y[node] = state.height / 2 - state.zoom * up + state.panY;
    depth[node] = near;
  }
  return { x, y, depth };
}

// Shares of the three corners at a place in a triangle on the screen; null outside of it.
function shares(screen, corners, px, py) {
  const [i, j, k] = corners;
  const { x, y } = screen;
  const whole = (x[j] - x[i]) * (y[k] - y[i]) - (x[k] - x[i]) * (y[j] - y[i]);
  if (whole === 0) return null;
  const second = ((px - x[i]) * (y[k] - y[i]) - (x[k] - x[i]) * (py - y[i])) / whole;
  const third = ((x[j] - x[i]) * (py - y[i]) - (px - x[i]) * (y[j] - y[i])) / whole;
  const first = 1 - second - third;
  return Math.min(first, second, third) < -1e-6 ? null : [first, second, third];
}

// The nearest triangle under a place on the screen, with the shares of its corners; null where there is none.
function picked(view, screen, px, py) {
  let best = null;
  for (let start = 0; start < view.triangles.length; start += 3) {
    const corners = view.triangles.subarray(start, start + 3);
    const found = shares(screen, corners, px, py);
    if (!found) continue;
    const near = found.reduce((sum, share, n) => sum + share * screen.depth[corners[n]], 0);
    if (!best || near > best.near) best = { corners, found, near };
  }
  return best;
}

function mixed(hit, values) {
  return hit.found.reduce((sum, share, n) => sum + share * values[hit.corners[n]], 0);
}

// A unit behind a number.
function behind(unit) {
  return unit ? ` ${unit}` : "";
}

function shade(quantity, value) {
  if (!Number.isFinite(value)) return "#bbb";
  const last = quantity.shades.length / 3 - 1;
  const span = quantity.high - quantity.low || 1;
  const at = 3 * Math.round(last * Math.min(1, Math.max(0, (value - quantity.low) / span)));
  return `rgb(${quantity.shades[at]},${quantity.shades[at + 1]},${quantity.shades[at + 2]})`;
}

function prepared(data) {
  const points = decoded(data.points, Float32Array);
  const { dimension } = data;
  const count = points.length / dimension;
  const [low, high] = [Array(dimension).fill(Infinity), Array(dimension).fill(-Infinity)];
  for (let n = 0; n < points.length; n++) {
    low[n % dimension] = Math.min(low[n % dimension], points[n]);
    high[n % dimension] = Math.max(high[n % dimension], points[n]);
  }
  const sides = high.map((value, axis) => value - low[axis] || 1);
  const size = Math.max(...sides);
  const lengths = !data.axes.includes("t"); // an (x, t) plane has axes of different kinds: each fills its side
  return {
    ...data, points, count, size, sides,
    triangles: decoded(data.triangles, Uint32Array),
    centre: low.map((value, axis) => (value + high[axis]) / 2),
    stretch: sides.map((side) => (lengths ? 1 : size / side)),
    frames: data.frames.map((frame) => ({
      label: frame.label,
      values: Object.fromEntries(Object.entries(frame.values).map(([name, text]) => [name, decoded(text, Float32Array)])),
    })),
  };
}

function fitted(view, width, height) {
  const spread = view.dimension === 3 ? [1.5 * view.size, 1.5 * view.size] : view.sides.map((side, n) => side * view.stretch[n]);
  return 0.9 * Math.min(width / spread[0], height / spread[1]);
}

function painted(context, view, state) {
  const quantity = view.quantities[state.name];
  const values = view.swings && !view.displacement.length ? state.values[state.name].map((value) => (state.swing ?? 1) * value) : state.values[state.name];
  const screen = projected(view, state);
  const order = Array.from({ length: view.triangles.length / 3 }, (_, number) => number);
  const far = (number) => screen.depth[view.triangles[3 * number]] + screen.depth[view.triangles[3 * number + 1]] + screen.depth[view.triangles[3 * number + 2]];
  if (view.dimension === 3) order.sort((first, second) => far(first) - far(second));
  context.clearRect(0, 0, state.width, state.height);
  for (const number of order) {
    const [i, j, k] = view.triangles.subarray(3 * number, 3 * number + 3);
    context.fillStyle = context.strokeStyle = shade(quantity, (values[i] + values[j] + values[k]) / 3);
    context.beginPath();
    context.moveTo(screen.x[i], screen.y[i]);
    context.lineTo(screen.x[j], screen.y[j]);
    context.lineTo(screen.x[k], screen.y[k]);
    context.closePath();
    context.fill();
    context.stroke(); // no gaps between neighbours
  }
  if (view.across) written(context, view.across, state);
  return screen;
}

// Words across the picture, which may travel alone.
function written(context, words, state) {
  context.save();
  context.translate(state.width / 2, state.height / 2);
  context.rotate(-0.4);
  context.font = "bold 120px sans-serif";
  context.textAlign = "center";
  context.fillStyle = "rgba(192, 57, 43, 0.6)";
  context.fillText(words, 0, 40);
  context.restore();
}

function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : "no value";
}

function started(document, data) {
  const view = prepared(data);
  const find = (name) => document.getElementById(name);
  const canvas = find("field");
  const context = canvas.getContext("2d");
  const names = Object.keys(view.quantities);
  const state = { name: names[0], turn: 0.6, tilt: 0.5, panX: 0, panY: 0, deform: 0, swing: 1, width: canvas.width, height: canvas.height };
  state.zoom = fitted(view, state.width, state.height);
  let screen = null;
  let held = null;

  function draw() {
    const frame = view.frames[Number(find("time").value)];
    state.values = frame.values;
    screen = painted(context, view, state);
    find("instant").textContent = frame.label;
    const { low, high, shades } = view.quantities[state.name];
    const stops = [];
    for (let n = 0; n < shades.length; n += 3) stops.push(`rgb(${shades.slice(n, n + 3).join(",")})`);
    find("bar").style.background = `linear-gradient(to right, ${stops.join(",")})`;
    find("low").textContent = short(low);
    find("high").textContent = short(high);
  }

  function swung(moment) {
    state.swing = find("swing").checked && moment ? Math.cos(moment / 250) : 1;
    draw();
    if (find("swing").checked) window.requestAnimationFrame(swung);
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * state.width) / box.width, ((event.clientY - box.top) * state.height) / box.height];
  }

  function tell(px, py) {
    const hit = picked(view, screen, px, py);
    if (!hit) return (find("value").textContent = "");
    const at = view.axes.map((axis, n) => `${axis} = ${short(hit.found.reduce((sum, share, c) => sum + share * view.points[hit.corners[c] * view.dimension + n], 0))}${behind(view.units[axis])}`);
    find("value").textContent = `${at.join(", ")}: ${state.name} = ${short(mixed(hit, state.values[state.name]))}${behind(view.quantities[state.name].unit)}`;
  }

  for (const name of names) {
    const unit = view.quantities[name].unit;
    find("quantity").add(new Option(unit ? `${name} [${unit}]` : name, name));
  }
  find("quantity").addEventListener("change", (event) => { state.name = event.target.value; draw(); });
  find("time").max = view.frames.length - 1;
  find("time").value = view.frames.length - 1;
  find("time").addEventListener("input", draw);
  find("time-control").hidden = view.frames.length < 2;
  find("swing-control").hidden = !view.swings;
  if (view.swings) {
    find("of-frames").textContent = "mode";
    find("time").value = 0;
  }
  find("swing").addEventListener("change", () => { if (find("swing").checked) swung(); });
  find("deform-control").hidden = !view.displacement.length;
  const largest = Math.max(0, ...view.displacement.flatMap((name) => view.frames.map((frame) => frame.values[name].reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0))));
  find("deform").addEventListener("input", (event) => {
    state.deform = largest ? (Number(event.target.value) / 100) * 0.3 * view.size / largest : 0;
    find("factor").textContent = `× ${short(state.deform)}`;
    draw();
  });
  if (view.swings && view.displacement.length) {
    find("deform").value = 30;
    find("deform").dispatchEvent(new Event("input"));
  }
  canvas.addEventListener("pointerdown", (event) => { held = place(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", () => { held = null; });
  canvas.addEventListener("pointermove", (event) => {
    const [px, py] = place(event);
    if (!held) return tell(px, py);
    const [dx, dy] = [px - held[0], py - held[1]];
    held = [px, py];
    if (view.dimension === 3 && !event.shiftKey) {
      state.turn -= dx / 150;
      state.tilt += dy / 150;
    } else {
      state.panX += dx;
      state.panY += dy;
    }
    draw();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [px, py] = place(event);
    const grown = Math.exp(-event.deltaY / 500);
    state.panX = (state.panX - px + state.width / 2) * grown + px - state.width / 2;
    state.panY = (state.panY - py + state.height / 2) * grown + py - state.height / 2;
    state.zoom *= grown;
    draw();
  }, { passive: false });
  find("reset").addEventListener("click", () => {
    Object.assign(state, { turn: 0.6, tilt: 0.5, panX: 0, panY: 0, zoom: fitted(view, state.width, state.height) });
    draw();
  });
  draw();
  tell(state.width / 2, state.height / 2);
}

if (typeof module !== "undefined") module.exports = { prepared, projected, painted, picked, mixed, shade, fitted, rotation, started };
