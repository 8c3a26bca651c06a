// A quantity over the steps, one curve a rule: loss, gradient, rate, or the way so far.

const SVG = "http://www.w3.org/2000/svg";
const lowest = Math.min(low, ...runs.flatMap((run) => run.losses));
const PAD = { left: 48, right: 10, top: 8, bottom: 20 };

function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const QUANTITIES = {
  losses: (run, log) => (log ? run.losses.map((loss) => loss - lowest) : run.losses),
  slopes: (run) => run.gradients.map(([x, y]) => Math.hypot(x, y)),
  rates: (run) => run.rates,
  paths: (run) => {
    let way = 0;
    return run.points.map(([x, y], k) => (way += k ? Math.hypot(x - run.points[k - 1][0], y - run.points[k - 1][1]) : 0));
  },
};

function limits(svg, drawn, y, right, to) {
  // The rates up to which gradient descent is stable, where that is known: not reached, not crossed
  for (const k of drawn.filter((one) => runs[one].limit !== null && runs[one].limit <= to)) {
    const style = `stroke: var(--rule${k % 8})`;
    svg.append(shape("line", { class: "limit", x1: PAD.left, x2: right, y1: y(runs[k].limit), y2: y(runs[k].limit), style }));
  }
}

const chart = { x: (step) => step, steps: (px) => px };

function paintChart() {
  const [quantity, log] = [$("quantity").value, $("log").checked];
  const drawn = [...runs.keys()].filter((k) => state.shown.has(k));
  const curves = drawn.map((k) => QUANTITIES[quantity](runs[k], log));
  const { clientWidth: width, clientHeight: height } = $("chart");
  if (!width) return;
  const scale = log ? Math.log10 : (v) => v;
  const bounds = quantity === "rates" ? drawn.map((k) => runs[k].limit).filter((v) => v !== null) : [];
  const finite = [...curves, bounds].flat().filter((v) => Number.isFinite(scale(v)));
  let [from, to] = finite.length ? finite.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]) : [0.1, 1];
  if (log) from = Math.max(from, to * 1e-12);
  else to = Math.min(to, 1.5 * Math.max(...curves.map((curve) => curve[0]), from + 1e-9, quantity === "losses" ? -Infinity : to));
  if (!(to > from)) [from, to] = log ? [from / 2, to * 2] : [from - 0.5, to + 0.5];
  const [low0, high0] = [scale(from), scale(to)];
  const right = width - PAD.right;
  const bottom = height - PAD.bottom;
  chart.x = (step) => PAD.left + ((right - PAD.left) * step) / record.steps;
  chart.steps = (px) => Math.round(((px - PAD.left) / (right - PAD.left)) * record.steps);
  const y = (v) => bottom - (bottom - PAD.top) * Math.min(Math.max((scale(v) - low0) / (high0 - low0), 0), 1);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}` });
  const powers = log ? ticks(low0, high0, 4).filter(Number.isInteger) : [];
  // A logarithmic axis on which there are not two powers of ten has round numbers where they stand
  const marks = powers.length > 1 ? powers.map((t) => [10 ** t, Math.abs(t) > 2 ? `1e${t}` : short(10 ** t)]) : ticks(from, to, 4).map((v) => [v, short(v)]);
  for (const [v, said] of marks) {
    svg.append(shape("line", { class: "grid", x1: PAD.left, x2: right, y1: y(v), y2: y(v) }));
    svg.append(shape("text", { x: PAD.left - 6, y: y(v) + 4, "text-anchor": "end" }, said));
  }
  for (const tick of ticks(0, record.steps, 5).filter(Number.isInteger)) {
    svg.append(shape("text", { x: chart.x(tick), y: height - 4, "text-anchor": "middle" }, tick));
  }
  if (quantity === "rates") limits(svg, drawn, y, right, to);
  const now = shape("line", { class: "now", y1: PAD.top, y2: bottom });
  svg.append(now);
  const dots = drawn.map((k, place) => {
    const paint = `stroke: var(--rule${k % 8})`;
    const points = curves[place].map((v, step) => (v > 0 || !log ? `${chart.x(step).toFixed(1)},${y(v).toFixed(1)}` : ""));
    svg.append(shape("polyline", { class: "curve", points: points.join(" "), style: paint }));
    return shape("circle", { class: "dot", r: 4.5, style: `fill: var(--rule${k % 8})` });
  });
  svg.append(...dots);
  chart.mark = () => {
    now.setAttribute("x1", chart.x(state.step));
    now.setAttribute("x2", chart.x(state.step));
    dots.forEach((dot, place) => {
      const step = at(runs[drawn[place]], state.step);
      const v = curves[place][step];
      dot.setAttribute("visibility", v > 0 || !log ? "visible" : "hidden");
      dot.setAttribute("cx", chart.x(step));
      dot.setAttribute("cy", y(v));
    });
  };
  chart.mark();
  $("chart").replaceChildren(svg);
  const what = $("quantity").selectedOptions[0].textContent;
  const above = quantity === "losses" && log && lowest !== 0 ? `, above ${short(lowest)}` : "";
  $("chart").setAttribute("aria-label", `${what} over ${record.steps} steps${above}, of ${drawn.map((k) => runs[k].name).join(", ")}`);
  const dotted = $("chart").querySelector(".limit") ? "; dotted: stable up to there" : "";
  $("over").textContent = `over the steps${above}${dotted}`;
}
