// The page of clusters: a heat map, and what is behind the cell that is chosen.

const QUALITY = "whether clusters are real"; // a group of measures
let grid; // of the collection that is shown

const number = (id) => Number(byId(id).value);
const measureShown = () => grid.measures[number("measure")];
/** Columns of a table: titles, and decimals or a function that prints. */
const columns = (...pairs) =>
  pairs.map(([title, how]) =>
    typeof how === "function" ? { title, print: how } : { title, decimals: how },
  );

function mean(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

/** A number to so many significant digits, but whole thousands. */
function short(value, digits = 2) {
  if (value === null) {
    return "";
  }
  return Math.abs(value) < 10 ** digits ? value.toPrecision(digits) : value.toFixed(0);
}

const exactly = (value) => short(value, 4); // as the data are

/** Numbers of the clusterings of a cell, of all numbers of clusters or of one. */
function clusteringsOf(representation, kernel, k = null) {
  return [...grid.k.keys()].filter(
    (i) =>
      grid.representation[i] === representation &&
      grid.kernel[i] === kernel &&
      (k === null || grid.k[i] === k),
  );
}

/** z reaches from single digits to thousands, so colours go by its order of magnitude. */
function magnitude(z) {
  return z === null ? null : Math.sign(z) * Math.log10(1 + Math.abs(z));
}

function scaleOf(quantity, values, title) {
  const known = values.flat().filter((value) => value !== null);
  if (quantity === "z") {
    const most = Math.max(1, ...known.map((z) => Math.abs(magnitude(z))));
    const ticks = [-1e5, -1e4, -1e3, -100, -10, 0, 10, 100, 1e3, 1e4, 1e5];
    const within = ticks.filter((z) => Math.abs(magnitude(z)) <= most);
    return {
      colorscale: "RdBu",
      zmin: -most,
      zmax: most,
      colorbar: { ...barAbove(title), tickvals: within.map(magnitude), ticktext: within.map(String) },
    };
  }
  const inside = known.every((value) => value >= 0 && value <= 1);
  return {
    colorscale: "Cividis",
    reversescale: true,
    zmin: inside ? 0 : Math.min(...known),
    zmax: inside ? 1 : Math.max(...known),
    colorbar: barAbove(title),
  };
}

function drawMap() {
  const measure = measureShown();
  const quantity = byId("quantity").value;
  const title = quantity === "z" ? `${measure.name}, z` : measure.name;
  const values = grid.representations.map((_, row) =>
    grid.kernels.map((_, column) =>
      mean(clusteringsOf(row, column, number("k")).map((i) => measure[quantity][i])),
    ),
  );
  const map = {
    type: "heatmap",
    x: grid.kernels.map(plain),
    y: grid.representations.map(plain),
    z: quantity === "z" ? values.map((row) => row.map(magnitude)) : values,
    text: values.map((row) => row.map((value) => short(value))),
    texttemplate: "%{text}",
    hovertemplate: "%{y}<br>%{x}<br>%{text}<extra></extra>",
    xgap: 1,
    ygap: 1,
    ...scaleOf(quantity, values, title),
  };
  const [row, column] = [number("representation"), number("kernel")];
  const chosen = {
    type: "rect",
    x0: column - 0.5,
    x1: column + 0.5,
    y0: row - 0.5,
    y1: row + 0.5,
    line: { color: colour("vermilion"), width: 3 },
  };
  const chart = byId("chart");
  const names = Math.max(...grid.representations.map((name) => name.length));
  chart.style.minWidth = `${8 * names + 64 * grid.kernels.length}px`;
  const drawn = draw(chart, [map], {
    xaxis: { tickangle: -35, showgrid: false },
    yaxis: { autorange: "reversed", showgrid: false },
    height: 190 + 34 * grid.representations.length,
    margin: { l: 10, r: 14, t: 64, b: 10 },
    shapes: [chosen],
  });
  drawn.then(() => {
    chart.removeAllListeners("plotly_click");
    chart.on("plotly_click", ({ points: [point] }) => {
      [byId("representation").value, byId("kernel").value] = point.pointIndex;
      drawMap();
      showCell();
    });
  });
}

function showCell() {
  const measure = measureShown();
  const [row, column, k] = [number("representation"), number("kernel"), number("k")];
  const chosen = clusteringsOf(row, column, k);
  const values = chosen.map((i) => measure.value[i]);
  const parts = [`${measure.name} (${measure.group}): ${short(mean(values)) || "not measured"}`];
  if (measure.z) {
    const [isotropic, z] = [measure.null, measure.z].map((of) => mean(chosen.map((i) => of[i])));
    parts.push(`isotropic clusters ${short(isotropic)}`, `z ${short(z)}`);
  }
  const name = `${grid.representations[row]}, ${grid.kernels[column]}`;
  byId("shown").textContent = `${name}, ${k} clusters. ${parts.join("; ")}.`;
  showClusters(chosen);
  showClusterings(clusteringsOf(row, column), measure);
}

/** Sizes of the clusters of all seeds, and what is in those of the first. */
function showClusters(chosen) {
  const rows = chosen.flatMap((i) =>
    grid.sizes[i].map((size, cluster) => [
      grid.kernel_seed[i],
      grid.k_means_seed[i],
      cluster,
      size,
      (100 * size) / grid.sizes[i].reduce((sum, of) => sum + of, 0),
      ...(grid.contents[i] ? grid.contents[i][cluster] : ["", ""]),
    ]),
  );
  byId("of").textContent = `(${number("k")} of each seed; contents of the first seeds)`;
  dataTable(byId("clusters"), {
    columns: columns(
      ["seed of the kernel", 0],
      ["seed of k-means", 0],
      ["cluster", 0],
      ["members", 0],
      ["share (%)", 1],
      ["commonest elements", null],
      ["examples", null],
    ),
    rows,
    name: `${grid.file}_members`,
  });
}

function showClusterings(chosen, measure) {
  const others = grid.measures.filter((other) => other !== measure && other.group === QUALITY);
  const rows = chosen.map((i) => [
    grid.k[i],
    grid.kernel_seed[i],
    grid.k_means_seed[i],
    measure.value[i],
    ...(measure.z
      ? [...(measure.interval[i] ?? [null, null]), measure.null[i], measure.z[i]]
      : []),
    grid.sizes[i].slice().sort((a, b) => b - a).join(" "),
    ...others.map((other) => other.value[i]),
  ]);
  dataTable(byId("clusterings"), {
    columns: columns(
      ["clusters", 0],
      ["seed of the kernel", 0],
      ["seed of k-means", 0],
      [measure.name, exactly],
      ...(measure.z
        ? [
            ["lower end of 95 %", exactly],
            ["upper end of 95 %", exactly],
            ["isotropic", exactly],
            ["z", exactly],
          ]
        : []),
      ["sizes", null],
      ...others.map((other) => [other.name, 2]),
    ),
    rows,
    name: grid.file,
  });
}

/** z is known of some measures only. */
function offerQuantities() {
  const known = "z" in measureShown();
  byId("quantity").options[1].disabled = !known;
  if (!known) {
    byId("quantity").value = "value";
  }
}

function update() {
  offerQuantities();
  drawMap();
  showCell();
}

function show() {
  grid = study[number("collection")];
  offer(byId("k"), [...new Set(grid.k)].sort((a, b) => a - b).map((k) => [k, k]));
  offer(byId("representation"), grid.representations.map((name, i) => [i, name]));
  offer(byId("kernel"), grid.kernels.map((name, i) => [i, name]));
  const groups = Map.groupBy(grid.measures.entries(), ([, measure]) => measure.group);
  byId("measure").replaceChildren(
    ...[...groups].map(([name, measures]) => {
      const group = document.createElement("optgroup");
      group.label = name;
      group.append(...measures.map(([i, measure]) => new Option(measure.name, i)));
      return group;
    }),
  );
  update();
}

offer(byId("collection"), study.map(({ name }, i) => [i, name]));
byId("collection").addEventListener("change", show);
for (const id of ["measure", "quantity", "k", "representation", "kernel"]) {
  byId(id).addEventListener("change", update);
}
show();
