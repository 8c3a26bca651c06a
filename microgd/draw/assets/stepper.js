// The state is four facts, and show() draws all of it from them: so that stepping back, jumping
// and playing cannot differ from stepping there one by one.

const state = { pass: "", place: 0, quiz: false, timer: 0 };
const answered = new Map(); // "pass place subject" -> was the first answer right
const PAUSE = 1800; // milliseconds between steps while it plays: time to read a sentence
const LEEWAY = 0.02; // the numbers on the page have four digits; an answer may be 2 % off

const events = () => record.passes[state.pass];
const event = () => events()[state.place];

// --- elements --------------------------------------------------------------------------------------

function value(v) {
  if (typeof v === "string") return make("output", "number", v);
  const rows = v.rows.map((row) => make("tr", "", ...row.map((cell) => make("td", "", cell))));
  const table = make("table", "", make("tbody", "", ...rows));
  return make("div", "array", make("p", "note", v.note), table);
}

function term([role, what, symbol, v], hidden) {
  const head = make("p", "what", what);
  if (symbol) head.append(make("span", "symbol", symbol));
  const body = hidden.has(role) ? make("output", "number", "?") : value(v);
  return make("div", `term ${role}`, head, body);
}

function equation(parts, hidden) {
  // Terms and the signs between them; a faint row is what another step is about
  const row = make("div", "equation");
  row.classList.toggle("faint", Boolean(parts.faint));
  row.classList.toggle("tall", parts.terms.some((part) => typeof part[3] === "object"));
  for (const part of parts.terms) {
    row.append(typeof part === "string" ? make("span", "sign", part) : term(part, hidden));
  }
  return row;
}

function fill(card, e, place, hidden) {
  const slot = (name) => card.querySelector(`[data-slot=${name}]`);
  const pass = state.pass === "forward" ? "Forward" : "Backward";
  slot("place").textContent = `${pass} · step ${place + 1} of ${events().length}`;
  slot("scope").textContent = e.scope;
  slot("name").textContent = e.name;
  const say = hidden.size ? e.ask[subject(e)].question : e.say;
  if (slot("say").textContent !== say) slot("say").textContent = say; // said once, not again
  slot("equations").replaceChildren(...e.equations.map((parts) => equation(parts, hidden)));
  slot("formula").replaceChildren(
    ...e.formula.flatMap(([what, text, secret]) => {
      const shown = hidden.has(secret) ? "?" : text;
      return [make("dt", "", what), make("dd", "", make("code", "", shown))];
    }),
  );
}

// --- quiz ----------------------------------------------------------------------------------------

const HIDDEN = {
  local: ["formula", "local", "contribution", "after"],
  contribution: ["contribution", "after"],
};

function subject(e = event()) {
  return e.ask?.local && $("subject").value === "local" ? "local" : "contribution";
}

function secrets(e) {
  const hint = $("hint").dataset.used;
  return new Set(HIDDEN[subject(e)].filter((what) => !(hint && what === "formula")));
}

const question = () => `${state.pass} ${state.place} ${subject()}`;

function asking() {
  return state.quiz && event().ask && !answered.has(question());
}

const number = (text) => Number(text.replace(/^([+-]?)inf$/, "$1Infinity"));

function near(guess, truth) {
  const far = Math.abs(guess - truth) > LEEWAY * Math.abs(truth);
  return Number.isFinite(truth) ? !far : Object.is(guess, truth);
}

function check() {
  const said = $("guess").value.trim().replace(",", ".").replace("−", "-");
  const [guess, truth] = [number(said), number(event().ask[subject()].answer)];
  const tries = Number($("asking").dataset.tries ?? 0);
  if (said === "" || (Number.isNaN(guess) && said !== "nan")) {
    $("verdict").textContent = "Type a number, such as -0.25 or 3e-4.";
  } else if (near(guess, truth)) {
    settle(tries === 0, `Right: ${event().ask[subject()].shown}.`);
  } else {
    $("asking").dataset.tries = tries + 1;
    const way = guess < truth ? "more" : "less";
    $("verdict").textContent = `Not ${said}: it is ${way} than that. Try again, or reveal it.`;
  }
}

function settle(right, verdict) {
  answered.set(question(), right);
  show();
  $("verdict").textContent = verdict;
  $("step").focus();
}

// --- drawing -------------------------------------------------------------------------------------

function show() {
  const e = event();
  const secret = asking();
  const hidden = secret ? secrets(e) : new Set();
  fill($("card"), e, state.place, hidden);
  paint(e, secret);
  $("slider").value = state.place;
  $("slider").setAttribute("aria-valuetext", `step ${state.place + 1}: ${e.label}`);
  for (const [k, item] of [...$("steps").children].entries()) {
    const button = item.firstChild;
    if (k === state.place) {
      button.setAttribute("aria-current", "step");
      keepInView($("steps").parentElement, button);
    } else button.removeAttribute("aria-current");
  }
  // aria-disabled, not disabled: a button that is disabled under the finger loses the focus
  const ends = { first: 0, back: 0, step: events().length - 1, last: events().length - 1 };
  for (const [id, end] of Object.entries(ends)) {
    $(id).setAttribute("aria-disabled", state.place === end && !(secret && id === "step"));
  }
  for (const id of ["guess", "check", "reveal"]) $(id).disabled = !secret;
  $("hint").disabled = !hidden.has("formula");
  const right = [...answered.values()].filter(Boolean).length;
  $("score").textContent = answered.size ? `${right} of ${answered.size} at the first try` : "";
}

function paint(e, secret) {
  // What the nodes say is the sum of all steps up to here, less what the quiz asks for
  const lines = new Map();
  const past = events().slice(0, state.place + (secret ? 0 : 1));
  for (const [id, line, text] of [record.start[state.pass], ...past.map((p) => p.picture)].flat()) {
    lines.set(`${id}-${line}`, text);
  }
  const roles = { current: [e.node], target: e.targets, live: e.edges };
  for (const [id, group] of groups) {
    for (const [role, ids] of Object.entries(roles)) group.classList.toggle(role, ids.includes(id));
    group.classList.toggle("seen", seen.has(id) && seen.get(id) <= state.place);
  }
  for (const [key, text] of lines) {
    const element = $(key);
    if (element) element.textContent = text;
  }
  for (const group of nodes) {
    const said = [...group.querySelectorAll("text")].map((text) => text.textContent).join(" ");
    group.querySelector("title").textContent = said;
    group.setAttribute("aria-label", said);
  }
  for (const id of [e.targets[0], e.node]) { // the node comes last: if one has to go, the other
    if (groups.has(id)) keepInView($("picture"), groups.get(id));
  }
}

function keepInView(box, element) {
  const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
  const over = (from, to, low, high) => (from < low ? from - low : to > high ? to - high : 0);
  box.scrollLeft += over(inner.left, inner.right, outer.left + 8, outer.right - 8);
  box.scrollTop += over(inner.top, inner.bottom, outer.top + 8, outer.bottom - 8);
}

// --- room: laid out once for the largest step, so that nothing moves between steps ---------------

function reserve() {
  const card = $("card");
  const slots = [...card.querySelectorAll("[data-slot]")];
  for (const slot of slots) slot.style.minHeight = "";
  const bench = make("div", "bench");
  bench.style.width = `${card.clientWidth}px`;
  for (const [place, e] of events().entries()) {
    for (const hidden of e.ask ? [new Set(), secrets(e)] : [new Set()]) {
      const copy = card.cloneNode(true);
      for (const part of [copy, ...copy.querySelectorAll("[id]")]) part.removeAttribute("id");
      copy.querySelector(".say").removeAttribute("aria-live"); // measured, not said
      fill(copy, e, place, hidden);
      bench.append(copy);
    }
  }
  document.body.append(bench);
  for (const slot of slots) {
    const copies = [...bench.querySelectorAll(`[data-slot=${slot.dataset.slot}]`)];
    const tallest = Math.max(...copies.map((copy) => copy.getBoundingClientRect().height));
    slot.style.minHeight = `${Math.ceil(tallest)}px`;
  }
  bench.remove();
}

function fit() {
  // As large as the box allows, but never so small that it cannot be read: then it scrolls
  const svg = $("picture").querySelector("svg");
  const { width, height } = svg.viewBox.baseVal;
  const [w, h] = [$("picture").clientWidth - 16, $("picture").clientHeight - 16];
  const scale = Math.min(2.2, Math.max(0.8, Math.min(w / width, h / height)));
  svg.style.width = `${width * scale}px`;
  svg.style.height = `${height * scale}px`;
}

// --- moves ---------------------------------------------------------------------------------------

function go(place) {
  const to = Math.min(Math.max(place, 0), events().length - 1);
  if (to === state.place) return;
  state.place = to;
  fresh();
}

function fresh() {
  $("verdict").textContent = "";
  $("guess").value = "";
  delete $("asking").dataset.tries;
  delete $("hint").dataset.used;
  show();
}

function step() {
  if (asking()) settle(false, `It is ${event().ask[subject()].shown}.`);
  else go(state.place + 1);
}

function play(on) {
  clearInterval(state.timer);
  state.timer = 0;
  if (on && state.place === events().length - 1) go(0);
  if (on) {
    state.timer = setInterval(() => {
      go(state.place + 1);
      if (state.place === events().length - 1 || asking()) play(false);
    }, PAUSE);
  }
  playing(on);
}

function change(pass) {
  play(false);
  state.pass = pass;
  state.place = 0;
  seen = new Map();
  for (const [place, e] of events().entries()) {
    for (const id of [e.node, ...e.targets, ...e.edges]) if (!seen.has(id)) seen.set(id, place);
  }
  for (const button of document.querySelectorAll("[data-pass]")) {
    button.setAttribute("aria-pressed", button.dataset.pass === pass);
  }
  document.documentElement.dataset.showing = pass;
  $("slider").max = events().length - 1;
  $("steps").replaceChildren(
    ...events().map((e, place) => {
      const button = make("button", e.added ? "added" : "", e.label);
      button.type = "button";
      button.addEventListener("click", () => go(place));
      return make("li", "", button);
    }),
  );
  reserve();
  fresh();
}

// --- the page ------------------------------------------------------------------------------------

let seen = new Map(); // id of a node or an edge -> the step that reaches it first
const groups = new Map(
  [...document.querySelectorAll("#picture g.node, #picture g.edge")].map((g) => [g.id, g]),
);
const nodes = document.querySelectorAll("#picture g.node");
for (const group of nodes) {
  group.setAttribute("role", "img");
  group.addEventListener("click", () => {
    const reached = (e) => e.node === group.id || e.targets.includes(group.id);
    const place = events().findIndex(reached);
    if (place >= 0) go(place);
  });
}

$("first").addEventListener("click", () => go(0));
$("back").addEventListener("click", () => go(state.place - 1));
$("play").addEventListener("click", () => play(!state.timer));
$("step").addEventListener("click", () => {
  step();
  // Not on a touch screen, where a keyboard would cover half of the page
  if (asking() && matchMedia("(pointer: fine)").matches) $("guess").focus();
});
$("last").addEventListener("click", () => go(events().length - 1));
$("slider").addEventListener("input", () => go(Number($("slider").value)));
$("check").addEventListener("click", check);
$("guess").addEventListener("keydown", (key) => {
  if (key.key !== "Enter") return;
  key.preventDefault(); // or else the same press would push the button that gets the focus
  check();
});
$("reveal").addEventListener("click", step);
$("hint").addEventListener("click", () => {
  $("hint").dataset.used = "yes";
  show();
});
$("subject").addEventListener("change", fresh);
$("quiz").addEventListener("click", () => {
  state.quiz = !state.quiz;
  play(false);
  $("quiz").setAttribute("aria-pressed", state.quiz);
  $("asking").hidden = !state.quiz;
  fresh();
});
for (const button of document.querySelectorAll("[data-pass]")) {
  button.addEventListener("click", () => change(button.dataset.pass));
}
keys({
  ArrowLeft: () => go(state.place - 1),
  ArrowRight: step,
  Home: () => go(0),
  End: () => go(events().length - 1),
});
let width = 0;
new ResizeObserver(() => {
  fit();
  if ($("card").clientWidth !== width) {
    width = $("card").clientWidth;
    reserve();
  }
}).observe($("picture"));
change(record.passes.backward ? "backward" : "forward");
document.querySelector(".switch").hidden = !record.passes.backward;
