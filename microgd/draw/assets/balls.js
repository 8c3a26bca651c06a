// The balls with their trails and, at the ball, what its optimizer knows. Drawn over the ground.

const runs = record.runs;
const REACH = 72; // pixels of the longest arrow
const within = ([x, y]) => x >= box[0] && x <= box[1] && y >= box[2] && y <= box[3];
const at = (run, step) => Math.min(step, run.points.length - 1);

// --- what there is to draw at a ball ---------------------------------------------------------------

function vectors(run, step) {
  const k = at(run, step);
  const found = [{ key: "gradient", words: "gradient", drawn: "arrow", values: run.gradients }];
  if (run.seen) found.push({ key: "seen", words: "gradient it was given", drawn: "arrow", values: run.seen });
  for (const { name, words, drawn, values } of run.state) found.push({ key: name, words, drawn, values });
  return found.map((one) => ({ ...one, now: one.values[k] }));
}

const inWorld = ([x, y]) => [((2 * x) / wide) * world.x, ((2 * y) / deep) * world.y];

const longest = new Map(); // of each kind, nearly: a single giant would shrink all others
function reference(key) {
  if (!longest.has(key)) {
    const of = (run) => vectors(run, 0).find((one) => one.key === key)?.values ?? [];
    const sizes = runs.flatMap((run) => of(run).map((v) => Math.hypot(...inWorld(v))));
    sizes.sort((a, b) => a - b);
    longest.set(key, sizes[Math.floor(0.9 * (sizes.length - 1))] || sizes.at(-1) || 1);
  }
  return longest.get(key);
}

// --- strokes ---------------------------------------------------------------------------------------

function stroke(context, points, paint, width, dash = []) {
  context.setLineDash(dash);
  for (const [style, thick] of [[colour("halo"), width + 2], [paint, width]]) {
    context.strokeStyle = style;
    context.lineWidth = thick;
    context.globalAlpha = style === paint ? 1 : 0.75;
    context.beginPath();
    points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function arrow(context, place, vector, key, paint) {
  // Where it pushes the ball: against a gradient, a velocity, a moment
  const [x, y] = inWorld(vector);
  const size = Math.hypot(x, y);
  const length = REACH * Math.min(Math.sqrt(size / reference(key)), 1);
  if (!(length > 3)) return;
  const far = length / world.scale / size;
  const tip = [place[0] - ((x * far) / world.x / 2) * wide, place[1] - ((y * far) / world.y / 2) * deep];
  const [from, to] = [project(...place), project(...tip)];
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const head = Math.min(9, Math.hypot(to[0] - from[0], to[1] - from[1]) / 2);
  const wing = (turn) => [to[0] - head * Math.cos(angle + turn), to[1] - head * Math.sin(angle + turn)];
  const dash = key === "seen" ? [5, 4] : [];
  stroke(context, [from, to], paint, key === "gradient" || key === "seen" ? 2 : 3, dash);
  stroke(context, [wing(0.45), to, wing(-0.45)], paint, key === "gradient" || key === "seen" ? 2 : 3);
}

function ellipse(context, place, squares, paint) {
  // The rate along each axis is as one over the root of what has been accumulated there
  const radii = squares.map((v) => 1 / Math.sqrt(v));
  if (!radii.every(Number.isFinite)) return;
  const unit = 40 / world.scale / Math.max(...radii);
  const [a, b] = radii.map((r) => Math.max(r * unit, 3 / world.scale));
  const points = Array.from({ length: 49 }, (_, k) => {
    const [c, s] = [Math.cos((k * Math.PI) / 24), Math.sin((k * Math.PI) / 24)];
    return project(place[0] + ((a * c) / world.x / 2) * wide, place[1] + ((b * s) / world.y / 2) * deep, heightAt(...place));
  });
  stroke(context, points, paint, 1.5, [3, 3]);
}

// --- all of it -------------------------------------------------------------------------------------

function trail(context, run, step, paint) {
  const end = at(run, step);
  const start = record.tail ? Math.max(end - record.tail, 0) : 0;
  const above = state.view === "contour";
  const places = run.points.slice(0, end + 1);
  const far = (v) => Math.min(Math.max(v, -1e5), 1e5); // a canvas draws no line to 1e200
  const dots = places.map((p) => project(...p)).map(([x, y, z]) => [far(x), far(y), z]);
  let shown = [];
  const flush = () => {
    if (shown.length > 1) stroke(context, shown, paint, 2);
    shown = [];
  };
  for (let k = start; k <= end; k++) {
    if (above || (within(places[k]) && visible(dots[k]))) shown.push(dots[k]);
    else {
      flush();
      if (k > start && within(places[k]) && within(places[k - 1])) { // behind a hill: to be guessed
        context.globalAlpha = 0.35;
        context.strokeStyle = paint;
        context.lineWidth = 1.5;
        context.beginPath();
        context.moveTo(dots[k - 1][0], dots[k - 1][1]);
        context.lineTo(dots[k][0], dots[k][1]);
        context.stroke();
        context.globalAlpha = 1;
      }
    }
  }
  flush();
  context.fillStyle = paint;
  for (let k = start + 1; k < end; k++) {
    const [x, y] = dots[k];
    if (Math.hypot(x - dots[k - 1][0], y - dots[k - 1][1]) < 5) continue;
    if (!above && !(within(places[k]) && visible(dots[k]))) continue;
    context.beginPath();
    context.arc(x, y, 2.6, 0, 7);
    context.fill();
  }
}

function ball(context, run, step, paint, mark) {
  const place = run.points[at(run, step)];
  const inside = within(place);
  const held = [Math.min(Math.max(place[0], box[0]), box[1]), Math.min(Math.max(place[1], box[2]), box[3])];
  const [x, y] = project(...held);
  context.globalAlpha = inside && (state.view === "contour" || visible(project(...held))) ? 1 : 0.6;
  context.fillStyle = inside ? paint : colour("sheet");
  context.strokeStyle = inside ? colour("halo") : paint;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 9, 0, 7);
  context.fill();
  context.stroke();
  context.fillStyle = inside ? colour("halo") : paint;
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(mark, x, y + 0.5);
  context.globalAlpha = 1;
}

function ticks(from, to, most) {
  const rough = (to - from) / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= rough);
  const found = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function frame(context) {
  const [first, second] = record.surface.axes;
  context.fillStyle = colour("faint");
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  context.font = "12px system-ui, sans-serif";
  const label = (text, [x, y], align, base) => {
    context.textAlign = align;
    context.textBaseline = base;
    context.fillText(text, x, y);
  };
  if (state.view !== "contour") {
    const nearY = Math.cos(camera.turn) > 0 ? box[2] : box[3];
    const nearX = Math.sin(camera.turn) > 0 ? box[0] : box[1];
    const [left, near, right] = [[box[0] + box[1] - nearX, nearY], [nearX, nearY], [nearX, box[2] + box[3] - nearY]];
    context.beginPath();
    [left, near, right].map((place) => project(...place, 0)).forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    const middle = (p, q) => project((p[0] + q[0]) / 2, (p[1] + q[1]) / 2, 0);
    const [a, b] = [middle(left, near), middle(near, right)];
    label(first, [a[0], a[1] + 16], a[0] < b[0] ? "right" : "left", "middle");
    label(second, [b[0], b[1] + 16], a[0] < b[0] ? "left" : "right", "middle");
    return;
  }
  const [[l, t], [r, b]] = [project(box[0], box[3]), project(box[1], box[2])];
  context.strokeRect(l, t, r - l, b - t);
  for (const x of ticks(box[0], box[1], (r - l) / 80)) label(x, [project(x, box[2])[0], b + 6], "center", "top");
  for (const y of ticks(box[2], box[3], (b - t) / 50)) label(y, [l - 7, project(box[0], y)[1]], "right", "middle");
  context.font = "italic 600 13px system-ui, sans-serif";
  label(first, [r, b + 24], "right", "top");
  label(second, [Math.max(l - 24, 6), t - 7], "left", "bottom");
}

function spring(context, [a, b]) {
  if (!state.shown.has(a) || !state.shown.has(b)) return;
  const [from, to] = [a, b].map((k) => project(...runs[k].points[at(runs[k], state.step)]));
  const [x, y] = [to[0] - from[0], to[1] - from[1]];
  const long = Math.hypot(x, y);
  if (!(long > 18 && long < 1e5)) return; // the balls hide it
  const turns = 12;
  const points = Array.from({ length: turns + 1 }, (_, k) => {
    const side = k % turns ? (k % 2 ? 5 : -5) / long : 0; // of the zigzag
    return [from[0] + (x * k) / turns - y * side, from[1] + (y * k) / turns + x * side];
  });
  stroke(context, points, colour(`rule${b % 8}`), 1.5);
}

function paintBalls() {
  const ratio = Math.max(devicePixelRatio, 1);
  const element = canvas.balls;
  const [width, height] = [Math.round(world.width * ratio), Math.round(world.height * ratio)];
  if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
  const context = element.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, world.width, world.height);
  context.lineJoin = context.lineCap = "round";
  frame(context);
  context.save();
  if (state.view === "contour") {
    const [[l, t], [r, b]] = [project(box[0], box[3]), project(box[1], box[2])];
    context.beginPath();
    context.rect(l, t, r - l, b - t);
    context.clip();
  }
  for (const minimum of record.surface.minima) {
    const [x, y] = project(...minimum);
    const cross = [[-5, -5], [5, 5], [0, 0], [-5, 5], [5, -5]].map(([a, b]) => [x + a, y + b]);
    stroke(context, cross, colour("ink"), 2);
  }
  const drawn = [...runs.keys()].filter((k) => state.shown.has(k));
  for (const k of drawn) trail(context, runs[k], state.step, colour(`rule${k % 8}`));
  for (const pair of record.springs) spring(context, pair);
  for (const k of drawn) {
    if (k !== state.follow && !state.every) continue;
    const place = runs[k].points[at(runs[k], state.step)];
    if (!within(place)) continue;
    for (const { key, drawn: how, now } of vectors(runs[k], state.step)) {
      if (!state.kinds.has(key)) continue;
      if (how === "arrow") arrow(context, place, now, key, colour(key === "gradient" || key === "seen" ? "ink" : `rule${k % 8}`));
      if (how === "ellipse") ellipse(context, place, now, colour(`rule${k % 8}`));
    }
  }
  context.restore();
  for (const k of drawn) ball(context, runs[k], state.step, colour(`rule${k % 8}`), k + 1);
}
