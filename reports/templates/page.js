"use strict";
(() => {
  const source = document.getElementById("figures").textContent;
  const { charts, dark } = JSON.parse(source);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isNarrow = matchMedia("(max-width: 46rem)");
  const printWidth = 690;
  const config = {
    displaylogo: false,
    responsive: true,
    scrollZoom: false,
    doubleClick: false,
    modeBarButtons: [["toImage"]],
    toImageButtonOptions: { scale: 2 },
  };
  let printing = false;

  const plots = [...document.querySelectorAll("[data-chart]")].map((element) => ({
    element,
    name: element.dataset.chart,
    hidden: new Set(),
  }));

  // Figures are made in light colours; on dark ground each has a partner.
  const coloured = (value) => {
    if (typeof value === "string") return dark[value] ?? value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item)]));
  };

  const put = (layout, path, value) => {
    const keys = path.split(".");
    const last = keys.pop();
    keys.reduce((at, key) => (at[key] ??= {}), layout)[last] = value;
  };

  const specification = (plot) => {
    const chart = structuredClone(charts[plot.name]);
    for (const trace of chart.data) {
      trace.visible = !(trace.meta?.groups ?? []).some((group) => plot.hidden.has(group));
    }
    chart.layout.annotations = (chart.layout.annotations ?? []).filter((note) => !plot.hidden.has(note.name));
    if (isNarrow.matches && !printing) {
      for (const [path, value] of Object.entries(chart.narrow)) put(chart.layout, path, value);
      for (const note of chart.layout.annotations) {
        if (note.name === "synthetic") note.font.size = Math.min(note.font.size, 14);
      }
      for (const trace of chart.data) {
        if (trace.meta?.groups?.includes("releases")) trace.mode = "markers";
      }
    }
    if (printing) chart.layout.width = printWidth;
    if (!prefersDark.matches || printing) return chart;
    return { ...chart, data: coloured(chart.data), layout: coloured(chart.layout) };
  };

  const draw = (plot) => {
    plot.element.querySelector(".waiting")?.remove();
    const { data, layout } = specification(plot);
    const options = { ...config, toImageButtonOptions: { ...config.toImageButtonOptions, filename: plot.name } };
    return Plotly.react(plot.element, data, layout, options);
  };

  const drawAll = () => plots.map(draw);

  const toggle = (button) => {
    const plot = plots.find((item) => item.name === button.dataset.for);
    const show = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(show));
    if (show) plot.hidden.delete(button.dataset.group);
    else plot.hidden.add(button.dataset.group);
    draw(plot);
  };

  for (const button of document.querySelectorAll("button[data-group]")) {
    button.addEventListener("click", () => toggle(button));
  }
  for (const query of [prefersDark, isNarrow]) query.addEventListener("change", drawAll);
  const closed = [];
  addEventListener("beforeprint", () => {
    printing = true;
    for (const details of document.querySelectorAll("details.printed:not([open])")) closed.push(details);
    for (const details of closed) details.open = true;
    drawAll();
  });
  addEventListener("afterprint", () => {
    printing = false;
    for (const details of closed.splice(0)) details.open = false;
    drawAll();
  });

  // One chart at a time, so that reading and scrolling go on meanwhile.
  const drawNext = async (index) => {
    if (index === plots.length) {
      document.documentElement.dataset.drawn = String(plots.length);
      return;
    }
    await draw(plots[index]);
    setTimeout(drawNext, 0, index + 1);
  };
  drawNext(0);
})();
