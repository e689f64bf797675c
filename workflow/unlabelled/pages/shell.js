// What the scripts of all pages use. The script of a page follows in the same module.

const study = JSON.parse(document.getElementById("data").textContent);

function byId(id) {
  return document.getElementById(id);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Text that plotly prints as it is: plotly would read tags and entities. */
function plain(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** A number as it is printed, or nothing if it is not known. */
function printed(value, decimals) {
  return value === null ? "" : value.toFixed(decimals);
}

/** Offer choices, pairs of value and text. */
function offer(select, choices) {
  select.replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
}

/**
 * Make a table that sorts, turns pages and downloads what it shows.
 *
 * `columns` have titles, and decimals (null for text) or a function that prints a number; `rows` are
 * lists in their order. Headings are written as text and cells are escaped, since DataTables takes
 * strings for HTML.
 */
function dataTable(element, { columns, rows, name, searchable = true, buttons = [], order = [] }) {
  if (DataTable.isDataTable(element)) {
    new DataTable.Api(element).destroy();
  }
  const heading = document.createElement("tr");
  for (const column of columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = column.title;
    heading.append(cell);
  }
  const head = document.createElement("thead");
  head.append(heading);
  element.replaceChildren(head);
  const table = new DataTable(element, {
    data: rows,
    order,
    autoWidth: false,
    columns: columns.map(({ decimals, print = (value) => printed(value, decimals) }) =>
      decimals === null
        ? { className: "text", render: DataTable.render.text() }
        : {
            type: "num",
            className: "number",
            render: (value, purpose) =>
              purpose === "display" || purpose === "filter" ? print(value) : value,
          },
    ),
    layout: {
      topStart: {
        buttons: [
          {
            extend: "csv",
            text: "Download CSV",
            filename: name,
            bom: true, // spreadsheets read units wrongly without
            footer: false,
            exportOptions: { modifier: { search: "applied", order: "applied" } },
          },
          ...buttons,
        ],
      },
      topEnd: searchable ? "search" : null,
    },
  });
  const box = table.table().container().querySelector(".dt-layout-table");
  box.tabIndex = 0; // so that keys scroll it
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Table");
  return table;
}

/** Draw a chart, or change it; `layout` overrides what charts have in common. */
function draw(element, traces, { height = 440, xaxis = {}, yaxis = {}, ...layout }) {
  element.style.minHeight = `${height}px`; // so that nothing jumps while it is drawn
  const axis = { gridcolor: colour("grid"), zeroline: false, automargin: true };
  return Plotly.react(
    element,
    traces,
    {
      font: { family: "system-ui, sans-serif", size: 12, color: colour("ink") },
      margin: { l: 50, r: 14, t: 14, b: 44 },
      height,
      hovermode: "closest",
      hoverlabel: { align: "left", bgcolor: "white" },
      showlegend: false,
      xaxis: { ...axis, ...xaxis },
      yaxis: { ...axis, ...yaxis },
      ...layout,
    },
    {
      responsive: true,
      displaylogo: false,
      plotlyServerURL: "", // no chart is sent anywhere, nor is there a button for it
      modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
    },
  );
}

/** Colour bar above a chart, where it takes no width. */
function barAbove(title) {
  return {
    title: { text: plain(title), side: "top" },
    orientation: "h",
    y: 1,
    yanchor: "bottom",
    thickness: 10,
    outlinewidth: 0,
  };
}
