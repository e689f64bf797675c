// The page of crystals: the map shows all, the table those that are looked for.

const CATEGORY = "system"; // the one column that is coloured by names
const SCATTER = document.createElement("canvas").getContext("webgl") ? "scattergl" : "scatter";
let maps; // of the task that is shown
let matches; // numbers of the crystals that are looked for
let table;

/** Numbers of the crystals with all elements, or with the text in formula or identifier. */
function find(query) {
  const { formula_reduced: formulas, material_id: identifiers, elements } = maps.values;
  const words = query.trim().split(/\s+/);
  const known = new Set(elements.flatMap((of) => of.split(" ")));
  const number = [...formulas.keys()];
  if (words.every((word) => known.has(word))) {
    return number.filter((i) => words.every((word) => elements[i].split(" ").includes(word)));
  }
  const text = query.trim().toLowerCase();
  return number.filter(
    (i) =>
      formulas[i].toLowerCase().includes(text) || identifiers[i].toLowerCase().includes(text),
  );
}

function legend(names) {
  byId("legend").replaceChildren(
    ...names.map((name) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = study.systems[name];
      item.append(swatch, name);
      return item;
    }),
  );
}

function colours(column) {
  const values = maps.values[column.name];
  if (column.name === CATEGORY) {
    legend(Object.keys(study.systems).filter((name) => values.includes(name)));
    return { color: values.map((name) => study.systems[name]), showscale: false };
  }
  legend([]);
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const [low, high] = [0.02, 0.98].map((share) => known[Math.round(share * (known.length - 1))]);
  return {
    color: values,
    cmin: low,
    cmax: high,
    colorscale: "Viridis",
    showscale: true,
    colorbar: barAbove(column.title),
  };
}

function drawMap() {
  const arm = maps.arms[byId("arm").value];
  const column = maps.columns.find(({ name }) => name === byId("property").value);
  const { formula_reduced: formulas, material_id: identifiers } = maps.values;
  const text = formulas.map((formula, i) => {
    const value = maps.values[column.name][i];
    const shown = column.decimals === null || value === null ? value : printed(value, column.decimals);
    return (
      `<b>${plain(formula)}</b><br>${plain(identifiers[i])}<br>` +
      `${plain(column.title)}: ${shown === null ? "unknown" : plain(shown)}`
    );
  });
  const trace = {
    type: SCATTER,
    mode: "markers",
    x: arm.x,
    y: arm.y,
    text,
    hovertemplate: "%{text}<extra></extra>",
    marker: { size: 7, ...colours(column) },
    selectedpoints: matches.length < formulas.length ? matches : null,
    selected: { marker: { opacity: 1, size: 10 } },
    unselected: { marker: { opacity: 0.12 } },
  };
  // t-SNE has no units
  const bare = { showticklabels: false, ticks: "", showgrid: false, mirror: true, showline: true };
  draw(byId("chart"), [trace], {
    xaxis: bare,
    yaxis: bare,
    height: 560,
    margin: { l: 4, r: 4, t: 60, b: 4 },
  });
}

function search() {
  const query = byId("search").value;
  const total = maps.values.formula_reduced.length;
  matches = query.trim() ? find(query) : [...maps.values.formula_reduced.keys()];
  byId("shown").textContent = query.trim()
    ? `${matches.length} of ${total} crystals highlighted.`
    : `${total} crystals.`;
  const chosen = new Set(matches);
  table.search.fixed("matches", (text, row, i) => chosen.has(i)).draw();
  drawMap();
}

function show() {
  maps = study.maps[byId("task").value];
  offer(byId("arm"), maps.arms.map(({ name }, i) => [i, name]));
  const coloured = maps.columns.filter(({ name, decimals }) => decimals !== null || name === CATEGORY);
  offer(byId("property"), coloured.map(({ name, title }) => [name, title]));
  table = dataTable(byId("crystals"), {
    columns: maps.columns,
    rows: maps.values.formula_reduced.map((_, i) => maps.columns.map((c) => maps.values[c.name][i])),
    name: maps.file,
    searchable: false, // the search of the page is above the map
  });
  search();
}

offer(byId("task"), study.maps.map(({ name }, i) => [i, name]));
byId("task").addEventListener("change", show);
byId("arm").addEventListener("change", drawMap);
byId("property").addEventListener("change", drawMap);
byId("search").addEventListener("input", search);
show();
