// The surface as pixels. There is one renderer: the contour view is the view from straight above.

const { size: SIDE, heights, box, power, low, span } = record.surface;
const LEVELS = 18;
const VIEWS = { contour: { turn: 0, tilt: Math.PI / 2 }, space: { turn: -0.5, tilt: 0.78 } };
const MARGIN = { left: 46, right: 18, top: 26, bottom: 44 };
const camera = { ...VIEWS.contour };
const [wide, deep] = [box[1] - box[0], box[3] - box[2]];
const canvas = { ground: $("ground"), balls: $("balls") };
const world = { x: 1, y: 1, z: 1, scale: 1, left: 0, top: 0, width: 0, height: 0 };
const pixels = { scale: 1, width: 0, height: 0, depth: new Float32Array(0) };

// Heights are shown as they are, unless the peaks would leave nothing for the valleys
const relief = (h) => (power < 0.45 ? h : h ** (1 / power));
const value = (h) => low + span * h ** (1 / power);

function heightAt(x, y) {
  const u = Math.min(Math.max(((x - box[0]) / wide) * (SIDE - 1), 0), SIDE - 1.001);
  const v = Math.min(Math.max(((y - box[2]) / deep) * (SIDE - 1), 0), SIDE - 1.001);
  const [i, j] = [Math.floor(u), Math.floor(v)];
  const [a, b, at] = [u - i, v - j, j * SIDE + i];
  const row = (k) => heights[k] * (1 - a) + heights[k + 1] * a;
  return row(at) * (1 - b) + row(at + SIDE) * b;
}

// --- the camera ------------------------------------------------------------------------------------

function project(x, y, h = heightAt(x, y)) {
  // Place on the screen, and how near it is to the eye
  const X = (((x - box[0]) / wide) * 2 - 1) * world.x;
  const Y = (((y - box[2]) / deep) * 2 - 1) * world.y;
  const Z = (relief(h) - 0.45) * world.z;
  const across = X * Math.cos(camera.turn) - Y * Math.sin(camera.turn);
  const away = X * Math.sin(camera.turn) + Y * Math.cos(camera.turn);
  const [sin, cos] = [Math.sin(camera.tilt), Math.cos(camera.tilt)];
  return [
    world.left + world.scale * across,
    world.top - world.scale * (away * sin + Z * cos),
    Z * sin - away * cos,
  ];
}

function unproject(px, py) { // from straight above
  const X = (px - world.left) / world.scale / world.x;
  const Y = (world.top - py) / world.scale / world.y;
  return [box[0] + ((X + 1) / 2) * wide, box[2] + ((Y + 1) / 2) * deep];
}

function fit() {
  const { clientWidth: width, clientHeight: height } = $("view");
  const room = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const ratio = wide / deep;
  const shape = ratio >= 0.5 && ratio <= 2 ? ratio : room[0] / room[1]; // equal units, where it can
  [world.x, world.y] = shape > 1 ? [1, 1 / shape] : [shape, 1];
  world.z = 0.75;
  const reach = Math.hypot(world.x, world.y);
  const flat = Math.min(room[0] / 2 / world.x, room[1] / 2 / world.y);
  const [sin, cos] = [Math.sin(VIEWS.space.tilt), Math.cos(VIEWS.space.tilt)];
  const solid = Math.min(width / 2 / reach, height / (2 * reach * sin + world.z * cos)) * 0.97;
  const lifted = (Math.PI / 2 - camera.tilt) / (Math.PI / 2 - VIEWS.space.tilt);
  world.scale = flat + (solid - flat) * Math.min(lifted, 1);
  world.left = width / 2 + ((MARGIN.left - MARGIN.right) / 2) * (1 - Math.min(lifted, 1));
  world.top = height / 2 + ((MARGIN.top - MARGIN.bottom) / 2) * (1 - Math.min(lifted, 1));
  [world.width, world.height] = [width, height];
}

function visible([x, y, depth]) {
  const i = Math.floor(x * pixels.scale);
  const j = Math.floor(y * pixels.scale);
  if (i < 0 || j < 0 || i >= pixels.width || j >= pixels.height) return true;
  return depth > pixels.depth[j * pixels.width + i] - 0.04;
}

function best() {
  // The turn from which the fewest places of the trails are hidden behind a hill
  const [sin, cos] = [Math.sin(VIEWS.space.tilt), Math.cos(VIEWS.space.tilt)];
  const hidden = (place, turn) => {
    const start = relief(heightAt(...place)) * world.z;
    for (let way = 0.06; way < 2; way += 0.05) {
      const x = place[0] - ((way * Math.sin(turn)) / world.x / 2) * wide;
      const y = place[1] - ((way * Math.cos(turn)) / world.y / 2) * deep;
      if (x < box[0] || x > box[1] || y < box[2] || y > box[3]) return 0;
      if (relief(heightAt(x, y)) * world.z > start + (way * sin) / cos + 0.01) return 1;
    }
    return 0;
  };
  const places = record.runs.flatMap((run) => run.points.filter((_, k) => k % 4 === 0));
  let [found, fewest] = [VIEWS.space.turn, Infinity];
  for (let k = 0; k < 12; k++) { // the first of equals: from the usual corner
    const turn = VIEWS.space.turn + (k % 2 ? -1 : 1) * Math.ceil(k / 2) * 0.5;
    const count = places.reduce((sum, place) => sum + hidden(place, turn), 0);
    if (count < fewest - 0.02 * places.length) [found, fewest] = [turn, count];
  }
  return found;
}

// --- colours ---------------------------------------------------------------------------------------

const probe = document.body.appendChild(make("span"));
probe.hidden = true;

function colour(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

const parts = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);

function palette() {
  const [a, b, c] = ["low", "middle", "high"].map((name) => parts(colour(name)));
  return Array.from({ length: LEVELS + 1 }, (_, k) => {
    const t = (2 * k) / (LEVELS - 1);
    const [from, to, s] = t < 1 ? [a, b, t] : [b, c, Math.min(t - 1, 1)];
    return from.map((channel, i) => channel + (to[i] - channel) * s);
  });
}

function lights() {
  // How bright each point is, lit from the upper left
  const lit = new Float32Array(SIDE * SIDE);
  const [dx, dy] = [(2 * world.x) / (SIDE - 1), (2 * world.y) / (SIDE - 1)];
  const z = (i, j) => relief(heights[Math.min(Math.max(j, 0), SIDE - 1) * SIDE + Math.min(Math.max(i, 0), SIDE - 1)]) * world.z;
  for (let j = 0; j < SIDE; j++) {
    for (let i = 0; i < SIDE; i++) {
      const a = (z(i + 1, j) - z(i - 1, j)) / (2 * dx);
      const b = (z(i, j + 1) - z(i, j - 1)) / (2 * dy);
      lit[j * SIDE + i] = 0.62 + 0.45 * ((0.5 * a - 0.35 * b + 0.8) / Math.hypot(a, b, 1));
    }
  }
  return lit;
}

// --- drawing ---------------------------------------------------------------------------------------

let still = 0;

function paintGround(fast = false) {
  fit();
  const scale = fast ? 1 : 2; // twice as fine as the screen, which smooths the edges
  const [width, height] = [Math.round(world.width * scale), Math.round(world.height * scale)];
  if (!width || !height) return;
  const element = canvas.ground;
  if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
  const context = element.getContext("2d");
  const image = context.createImageData(width, height);
  Object.assign(pixels, { scale, width, height, depth: new Float32Array(width * height).fill(-9) });
  raster(image.data, fast ? 2 : 1);
  context.putImageData(image, 0, 0);
  clearTimeout(still);
  if (fast) still = setTimeout(() => { paintGround(); paintBalls(); }, 160);
}

function raster(out, stride) {
  const { scale, width, height, depth } = pixels;
  const bands = palette();
  const line = parts(colour("contour"));
  const lit = lights();
  const shade = Math.cos(camera.tilt) > 0.01 ? Math.min(1, 1.4 * Math.cos(camera.tilt)) : 0;
  const last = SIDE - 1;
  const [xs, ys, zs] = [0, 0, 0].map(() => new Float32Array(SIDE * SIDE));
  for (let j = 0; j <= last; j += stride) {
    for (let i = 0; i <= last; i += stride) {
      const k = j * SIDE + i;
      const [x, y, z] = project(box[0] + (wide * i) / last, box[2] + (deep * j) / last, heights[k]);
      [xs[k], ys[k], zs[k]] = [x * scale - 0.5, y * scale - 0.5, z];
    }
  }
  const triangle = (a, b, c) => {
    const [x0, y0] = [xs[a], ys[a]];
    const [x1, y1, x2, y2] = [xs[b] - x0, ys[b] - y0, xs[c] - x0, ys[c] - y0];
    const area = x1 * y2 - x2 * y1;
    if (Math.abs(area) < 1e-9) return;
    const t0 = heights[a] * (LEVELS - 0.001);
    const [t1, t2] = [heights[b] * (LEVELS - 0.001) - t0, heights[c] * (LEVELS - 0.001) - t0];
    const [tx, ty] = [(t1 * y2 - t2 * y1) / area, (t2 * x1 - t1 * x2) / area];
    const steep = Math.hypot(tx, ty) || 1e-9; // levels a pixel: where they crowd, lines fade
    const strength = Math.min(Math.max(1.25 - (3.2 * steep * scale) / 2, 0), 1);
    const left = Math.max(Math.ceil(Math.min(x0, x0 + x1, x0 + x2)), 0);
    const right = Math.min(Math.floor(Math.max(x0, x0 + x1, x0 + x2)), width - 1);
    const top = Math.max(Math.ceil(Math.min(y0, y0 + y1, y0 + y2)), 0);
    const bottom = Math.min(Math.floor(Math.max(y0, y0 + y1, y0 + y2)), height - 1);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const [dx, dy] = [x - x0, y - y0];
        const p = (dx * y2 - x2 * dy) / area;
        const q = (x1 * dy - dx * y1) / area;
        if (p < -1e-3 || q < -1e-3 || p + q > 1.001) continue;
        const z = zs[a] + p * (zs[b] - zs[a]) + q * (zs[c] - zs[a]);
        const at = y * width + x;
        if (z <= depth[at]) continue;
        depth[at] = z;
        const t = t0 + tx * dx + ty * dy;
        const band = Math.min(Math.max(Math.floor(t), 0), LEVELS - 1);
        const near = Math.abs(t - Math.round(t)) / steep; // pixels to the next level
        const edge = Math.round(t) > 0 ? strength * Math.min(Math.max(0.5 + 0.45 * scale - near, 0), 1) : 0;
        const light = 1 + (lit[a] + p * (lit[b] - lit[a]) + q * (lit[c] - lit[a]) - 1) * shade;
        for (let k = 0; k < 3; k++) {
          out[4 * at + k] = (bands[band][k] + (line[k] - bands[band][k]) * 0.75 * edge) * light;
        }
        out[4 * at + 3] = 255;
      }
    }
  };
  for (let j = 0; j < last; j += stride) {
    for (let i = 0; i < last; i += stride) {
      const k = j * SIDE + i;
      const [e, n] = [k + stride, k + stride * SIDE];
      triangle(k, e, n);
      triangle(n + stride, n, e);
    }
  }
}
