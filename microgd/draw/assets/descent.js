// The state is what is shown; show() draws all of it, so that playing and jumping cannot differ.

const state = {
  view: "contour", step: 0, timer: 0, every: false,
  follow: Math.max(runs.findIndex((run) => run.state.length), 0),
  shown: new Set(runs.keys()),
  kinds: new Set(runs.flatMap((run) => vectors(run, 0)).filter((one) => one.drawn).map((one) => one.key)),
};
const SPEEDS = [1, 2, 5, 10, 20, 40, 100]; // steps a second
const ICONS = { arrow: "M1 7h20m-5-5 5 5-5 5", ellipse: "M2 7a10 5 0 1 0 20 0 10 5 0 1 0-20 0" };

const narrow = matchMedia("(max-width: 30rem), (min-width: 42rem) and (max-width: 56rem)");

function short(x) {
  if (!Number.isFinite(x)) return "not finite";
  const size = Math.abs(x);
  if (x !== 0 && (size < (narrow.matches ? 1e-2 : 1e-3) || size >= 1e5)) return x.toExponential(narrow.matches ? 1 : 2);
  return String(Number(x.toPrecision(narrow.matches ? 3 : 4)));
}

// --- the tables ------------------------------------------------------------------------------------

function row(run, k) {
  const line = make("tr");
  line.style.setProperty("--hue", `var(--rule${k % 8})`);
  const box = make("input");
  Object.assign(box, { type: "checkbox", checked: true });
  box.dataset.mark = k + 1;
  box.setAttribute("aria-label", `Show ${run.name}`);
  box.addEventListener("change", () => {
    state.shown[box.checked ? "add" : "delete"](k);
    paintChart();
    show();
  });
  const name = make("button", "", run.name);
  name.type = "button";
  name.title = `${run.name}: look at its state`;
  name.addEventListener("click", () => follow(k));
  line.append(make("td", "", box, name), make("td"), make("td"), make("td"));
  return line;
}

function numbers() {
  $("place").textContent = state.step;
  for (const [k, line] of [...$("numbers").tBodies[0].rows].entries()) {
    const run = runs[k];
    const step = at(run, state.step);
    const over = state.step > step;
    line.classList.toggle("over", over);
    const cells = [over ? "not finite" : short(run.losses[step]), short(Math.hypot(...run.gradients[step])), short(run.rates[step])];
    cells.forEach((text, i) => (line.cells[i + 1].textContent = text));
  }
  const run = runs[state.follow];
  const step = at(run, state.step);
  const rows = [["place", run.points[step]], ...vectors(run, step).map((one) => [one.key, one.now])];
  for (const [key, [x, y]] of rows) {
    const line = $("state").querySelector(`[data-key="${CSS.escape(key)}"]`);
    [line.cells[1].textContent, line.cells[2].textContent] = [short(x), short(y)];
  }
}

function follow(k) {
  state.follow = k;
  const run = runs[k];
  for (const [i, line] of [...$("numbers").tBodies[0].rows].entries()) {
    line.querySelector("button").setAttribute("aria-pressed", i === k);
  }
  $("whose").textContent = run.name;
  $("fate").textContent = run.limit === null ? run.end : `${run.end}; stable up to a rate of ${short(run.limit)}`;
  const place = make("tr", "", make("td", "plain", "place"), make("td"), make("td"));
  place.dataset.key = "place";
  const lines = vectors(run, 0).map(({ key, words, drawn }) => {
    const what = drawn ? make("td", "", choice(key, words, drawn)) : make("td", "plain", words);
    const line = make("tr", "", what, make("td"), make("td"));
    line.dataset.key = key;
    return line;
  });
  $("state").tBodies[0].replaceChildren(place, ...lines);
  show();
}

function choice(key, words, drawn) {
  const box = make("input");
  Object.assign(box, { type: "checkbox", checked: state.kinds.has(key) });
  box.addEventListener("change", () => {
    state.kinds[box.checked ? "add" : "delete"](key);
    show();
  });
  return make("label", "", box, words);
}

// --- showing ---------------------------------------------------------------------------------------

function show() {
  numbers();
  paintBalls();
  chart.mark?.();
  $("slider").value = state.step;
  $("slider").setAttribute("aria-valuetext", `step ${state.step} of ${record.steps}`);
  const said = runs.filter((_, k) => state.shown.has(k)).map((run) => `${run.name} ${short(run.losses[at(run, state.step)])}`);
  if (!state.timer) $("say").textContent = `Step ${state.step}. Loss: ${said.join(", ")}`;
  for (const [id, end] of [["first", 0], ["back", 0], ["step", record.steps], ["last", record.steps]]) {
    $(id).setAttribute("aria-disabled", state.step === end); // disabled, it would lose the focus
  }
}

function go(step) {
  const to = Math.min(Math.max(step, 0), record.steps);
  if (to === state.step) return;
  state.step = to;
  show();
}

function play(on) {
  clearInterval(state.timer);
  state.timer = 0;
  if (on && state.step === record.steps) go(0);
  if (on) {
    state.timer = setInterval(() => {
      go(state.step + 1);
      if (state.step === record.steps) play(false);
    }, 1000 / Number($("speed").value));
  }
  playing(on);
  show();
}

function look(view) {
  state.view = view;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", button.dataset.view === view);
  }
  $("view").classList.toggle("space", view === "space");
  $("turn").hidden = view !== "space";
  $("tip").hidden = true;
  Object.assign(camera, VIEWS[view], view === "space" ? { turn: best() } : {});
  repaint();
}

function turn(by, tilt = 0) {
  camera.turn += by;
  camera.tilt = Math.min(Math.max(camera.tilt + tilt, 0.2), 1.3);
  paintGround(true);
  paintBalls();
}

function repaint() {
  paintGround();
  longest.clear();
  paintChart();
  show();
}

// --- the pointer -----------------------------------------------------------------------------------

function under(x, y) {
  // The step of a trail that is nearest, if one is near; the ball before its past
  let found = null;
  let best = 12;
  for (const k of state.shown) {
    for (let step = at(runs[k], state.step); step >= 0; step--) {
      const [px, py] = project(...runs[k].points[step]);
      const far = Math.hypot(px - x, py - y);
      if (far < best) [best, found] = [far, [k, step]];
    }
  }
  return found;
}

function tip(x, y) {
  const [first, second] = record.surface.axes;
  const found = under(x, y);
  let text = "";
  if (found) {
    const [run, step] = [runs[found[0]], found[1]];
    const [a, b] = run.points[step];
    text = `${run.name}, step ${step}\n${first} = ${short(a)}, ${second} = ${short(b)}\nloss ${short(run.losses[step])}, |grad| ${short(Math.hypot(...run.gradients[step]))}`;
  } else if (state.view === "contour") {
    const [a, b] = unproject(x, y);
    if (within([a, b])) text = `${first} = ${a.toPrecision(3)}, ${second} = ${b.toPrecision(3)}\nloss about ${Number(value(heightAt(a, b)).toPrecision(3))}`;
  }
  $("tip").hidden = !text;
  $("tip").textContent = text;
  const { offsetWidth: width, offsetHeight: height } = $("tip");
  $("tip").style.left = `${Math.max(Math.min(x + 14, world.width - width - 6), 4)}px`;
  $("tip").style.top = `${y + 14 + height > world.height ? y - height - 10 : y + 14}px`;
}

let held = null;
const view = $("view");
view.addEventListener("pointerdown", (event) => {
  if (event.target.closest("button")) return;
  held = { x: event.clientX, y: event.clientY, moved: false };
});
view.addEventListener("pointermove", (event) => {
  const { left, top } = view.getBoundingClientRect();
  if (held && state.view === "space") {
    view.setPointerCapture(event.pointerId);
    held.moved = true;
    turn((event.clientX - held.x) / 160, (event.clientY - held.y) / 220);
    Object.assign(held, { x: event.clientX, y: event.clientY });
    $("tip").hidden = true;
  } else if (!event.target.closest("button")) tip(event.clientX - left, event.clientY - top);
});
view.addEventListener("pointerup", (event) => {
  const { left, top } = view.getBoundingClientRect();
  const found = held && !held.moved && under(event.clientX - left, event.clientY - top);
  if (found) {
    go(found[1]);
    follow(found[0]);
  }
  held = null;
});
view.addEventListener("pointerleave", () => ($("tip").hidden = true));
view.addEventListener("pointercancel", () => (held = null));
$("chart").addEventListener("pointerdown", (event) => go(chart.steps(event.clientX - $("chart").getBoundingClientRect().left)));
$("chart").addEventListener("pointermove", (event) => {
  if (event.buttons) go(chart.steps(event.clientX - $("chart").getBoundingClientRect().left));
});

// --- the page --------------------------------------------------------------------------------------

const { formula, about, name, axes } = record.surface;
$("formula").textContent = `f(${axes.join(", ")}) = ${formula || name}`;
$("lesson").textContent = about;
$("lesson").hidden = !about;
$("notes").append(...record.notes.map((note) => make("li", "", note)));
[$("first-axis").textContent, $("second-axis").textContent] = axes;
$("ground").setAttribute("aria-label", `Map of ${name}: ${axes[0]} from ${box[0]} to ${box[1]}, ${axes[1]} from ${box[2]} to ${box[3]}. The tables have all numbers.`);
$("numbers").tBodies[0].append(...runs.map(row));
$("slider").max = record.steps;
const usual = SPEEDS.find((speed) => record.steps / speed <= 12) ?? 40;
for (const speed of SPEEDS) {
  const option = make("option", "", `${speed} / s`);
  Object.assign(option, { value: speed, selected: speed === usual });
  $("speed").append(option);
}

$("first").addEventListener("click", () => go(0));
$("back").addEventListener("click", () => go(state.step - 1));
$("play").addEventListener("click", () => play(!state.timer));
$("step").addEventListener("click", () => go(state.step + 1));
$("last").addEventListener("click", () => go(record.steps));
$("slider").addEventListener("input", () => go(Number($("slider").value)));
$("speed").addEventListener("change", () => state.timer && play(true));
$("quantity").addEventListener("change", () => {
  $("log").checked = $("quantity").value !== "rates" && $("quantity").value !== "paths";
  paintChart();
});
$("log").addEventListener("change", paintChart);
$("every").addEventListener("change", () => {
  state.every = $("every").checked;
  show();
});
$("left").addEventListener("click", () => turn(-0.3));
$("right").addEventListener("click", () => turn(0.3));
for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => look(button.dataset.view));
}
$("theme").addEventListener("click", repaint); // after the page's own listener has changed it
keys({
  ArrowLeft: () => go(state.step - 1),
  ArrowRight: () => go(state.step + 1),
  Home: () => go(0),
  End: () => go(record.steps),
  p: () => play(!state.timer),
});
new ResizeObserver(repaint).observe(view);
follow(state.follow);
repaint();
