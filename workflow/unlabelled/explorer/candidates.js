// The page of candidates: periodic table, table and chart show the same rows.

const STATES = ["", "with", "without"];
const MARKS = { "": "", with: "+", without: "−" };
const WORDS = { "": "does not matter", with: "must be there", without: "must not be there" };

const buttons = [...byId("elements").querySelectorAll("button")];
const stateOf = (button) => button.dataset.state ?? "";
let ranking; // that is shown
let columnOf; // numbers of columns by name
let table;

/** Symbols in a state. */
function symbols(state) {
  return buttons.filter((button) => stateOf(button) === state).map((b) => b.dataset.symbol);
}

function setState(button, state) {
  const { symbol } = button.dataset;
  const count = button.dataset.count;
  button.dataset.state = state;
  button.firstChild.textContent = symbol;
  button.lastChild.textContent = MARKS[state] || count; // room for one of them
  button.setAttribute("aria-pressed", String(state !== ""));
  button.setAttribute("aria-label", `${symbol}, in ${count} candidates: ${WORDS[state]}`);
}

function press(button) {
  if (button.getAttribute("aria-disabled") !== "true") {
    setState(button, STATES[(STATES.indexOf(stateOf(button)) + 1) % STATES.length]);
    table.draw();
  }
}

/** One element is in the order of Tab; arrow keys lead to the others. */
function makeCurrent(button) {
  for (const other of buttons) {
    other.tabIndex = other === button ? 0 : -1;
  }
}

const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function move(event) {
  const step = STEPS[event.key];
  if (step === undefined) {
    return;
  }
  event.preventDefault();
  let column = Number(event.target.dataset.column);
  let row = Number(event.target.dataset.row);
  for (let tried = 0; tried < 18; tried++) { // over gaps
    column += step[0];
    row += step[1];
    const next = buttons.find((b) => b.dataset.column == column && b.dataset.row == row);
    if (next) {
      makeCurrent(next);
      next.focus();
      return;
    }
  }
}

function clear() {
  for (const button of buttons) {
    setState(button, "");
  }
  table.search("").draw();
}

/** Rows that the filters leave, in the order of the table. */
function rowsShown() {
  return table.rows({ search: "applied", order: "applied" }).data().toArray();
}

function say(number) {
  const parts = [];
  for (const [state, words] of [["with", "with"], ["without", "without"]]) {
    if (symbols(state).length) {
      parts.push(`${words} ${symbols(state).join(", ")}`);
    }
  }
  const filters = parts.length ? ` (${parts.join("; ")})` : "";
  byId("shown").textContent = `${number} of ${table.rows().count()} candidates shown${filters}.`;
}

function drawChart(rows) {
  const get = (row, name) => row[columnOf[name]];
  const sorted = rows.slice().sort((a, b) => get(a, "accessibility") - get(b, "accessibility"));
  const front = sorted.filter((row) => get(row, "on_front") === "yes");
  const column = (name, of = sorted) => of.map((row) => get(row, name));
  const values = column("value");
  const limits = ranking.values.value.slice().sort((a, b) => a - b);
  const [low, high] = [0.02, 0.98].map((share) => limits[Math.round(share * (limits.length - 1))]);
  const text = sorted.map((row) => {
    const [value, lower, upper] = ["value", "lower", "upper"].map((n) => printed(get(row, n), 2));
    return [
      `<b>${plain(get(row, "field"))}</b>, rank ${get(row, "rank")}`,
      `probability ${printed(get(row, "probability"), 3)}`,
      `accessibility ${printed(get(row, "accessibility"), 3)}`,
      `${plain(ranking.quantity)}: ${value} [${lower}, ${upper}]`,
      `nearest: ${plain(get(row, "nearest"))}`,
    ].join("<br>");
  });
  const line = {
    x: column("accessibility", front),
    y: column("probability", front),
    mode: "lines",
    line: { color: colour("muted"), width: 1 },
    hoverinfo: "skip",
  };
  const markers = {
    x: column("accessibility"),
    y: column("probability"),
    mode: "markers",
    text,
    hovertemplate: "%{text}<extra></extra>",
    marker: {
      color: values,
      cmin: low,
      cmax: high,
      colorscale: "Viridis",
      showscale: true,
      colorbar: barAbove(ranking.quantity),
      size: sorted.map((row) => (get(row, "on_front") === "yes" ? 12 : 8)),
      symbol: sorted.map(
        (row) =>
          (get(row, "on_front") === "yes" ? "diamond" : "circle") +
          (get(row, "agree") === "yes" ? "" : "-open"),
      ),
    },
  };
  draw(byId("chart"), [line, markers], {
    xaxis: { title: { text: "accessibility" } },
    yaxis: { title: { text: `probability of more than ${plain(ranking.threshold)}` } },
    margin: { l: 50, r: 14, t: 60, b: 44 },
  });
}

function update() {
  const rows = rowsShown();
  say(rows.length);
  drawChart(rows);
}

function show(number) {
  ranking = study[number];
  const names = ranking.columns.map((column) => column.name);
  columnOf = Object.fromEntries(names.map((name, i) => [name, i]));
  const fields = ranking.values.field.map((field) => field.split(" "));
  const counts = {};
  for (const symbol of fields.flat()) {
    counts[symbol] = (counts[symbol] ?? 0) + 1;
  }
  for (const button of buttons) {
    button.dataset.count = counts[button.dataset.symbol] ?? 0;
    button.setAttribute("aria-disabled", String(button.dataset.count === "0"));
    setState(button, "");
  }
  byId("about").textContent =
    `${fields.length} candidates for ${ranking.name}. Probability: of a value above ` +
    `${ranking.threshold}; its spread: between models. Agree: probability and predicted value are ` +
    "on one side of it. Similarity: elements shared with the nearest reported field, of all.";
  table = dataTable(byId("candidates"), {
    columns: ranking.columns,
    rows: fields.map((_, i) => names.map((name) => ranking.values[name][i])),
    name: ranking.file,
    buttons: [{ text: "Clear filters", action: clear }],
    order: [[columnOf.rank, "asc"]],
  });
  table.search.fixed("elements", (_, row) => {
    const field = row[columnOf.field].split(" ");
    return (
      symbols("with").every((symbol) => field.includes(symbol)) &&
      !symbols("without").some((symbol) => field.includes(symbol))
    );
  });
  table.on("draw", update);
  table.draw();
}

for (const button of buttons) {
  button.addEventListener("click", () => press(button));
  button.addEventListener("focus", () => makeCurrent(button));
  button.addEventListener("keydown", move);
}
makeCurrent(buttons[0]);
offer(byId("ranking"), study.map(({ name }, i) => [i, name]));
byId("ranking").addEventListener("change", (event) => show(event.target.value));
show(0);
