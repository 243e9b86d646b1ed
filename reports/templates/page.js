"use strict";
(() => {
  const source = document.getElementById("figures").textContent;
  const { charts, dark } = JSON.parse(source);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isNarrow = matchMedia("(max-width: 46rem)");
  const printWidth = 690;
  const printHeight = 0.7; // two charts on a sheet
  const config = { displayModeBar: false, displaylogo: false, responsive: true, scrollZoom: false, doubleClick: false };
  const switchOfScheme = document.getElementById("scheme");
  const schemes = { "": "as the system", dark: "dark", light: "light" };
  const prefix = "figure-";
  let scheme = "";
  let printing = false;

  const plots = [...document.querySelectorAll("[data-chart]")].map((element) => ({
    element,
    name: element.dataset.chart,
    hidden: new Set(),
  }));

  // ---- what the reader has chosen, in the address: #scheme=dark&hide=CHART/GROUP,...&at=figure-CHART

  const media = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule.media?.mediaText.includes("prefers-color-scheme"))
    .map((rule) => ({ rule, usual: rule.media.mediaText }));

  const isDark = () => !printing && (scheme ? scheme === "dark" : prefersDark.matches);

  const applyScheme = () => {
    const words = { dark: "screen", light: "not all" };
    for (const { rule, usual } of media) rule.media.mediaText = words[scheme] ?? usual;
    document.documentElement.style.colorScheme = printing ? "light" : scheme;
    switchOfScheme.textContent = `Colours: ${schemes[scheme]}`;
  };

  const chosen = () => {
    const words = new URLSearchParams();
    const hidden = plots.flatMap((plot) => [...plot.hidden].map((group) => `${plot.name}/${group}`));
    if (scheme) words.set("scheme", scheme);
    if (hidden.length) words.set("hide", hidden.join());
    return words;
  };

  const linkTo = (name) => {
    const words = chosen();
    return words.size ? `#${words}&at=${prefix}${name}` : `#${prefix}${name}`;
  };

  const write = () => {
    const words = chosen();
    history.replaceState(null, "", words.size ? `#${words}` : location.pathname + location.search);
    for (const link of document.querySelectorAll("[data-link]")) link.href = linkTo(link.dataset.link);
  };

  const read = () => {
    const said = location.hash.slice(1);
    if (!said.includes("=")) return false;
    const words = new URLSearchParams(said);
    scheme = words.get("scheme") in schemes ? words.get("scheme") : "";
    const hidden = new Set((words.get("hide") ?? "").split(","));
    for (const plot of plots) plot.hidden.clear();
    for (const button of document.querySelectorAll("button[data-group]")) {
      const { for: name, group } = button.dataset;
      const hide = hidden.has(`${name}/${group}`);
      button.setAttribute("aria-pressed", String(!hide));
      if (hide) plots.find((plot) => plot.name === name).hidden.add(group);
    }
    document.getElementById(words.get("at"))?.scrollIntoView();
    for (const link of document.querySelectorAll("[data-link]")) link.href = linkTo(link.dataset.link);
    return true;
  };

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
    if (printing) {
      chart.layout.width = printWidth;
      const { height = 450 } = chart.layout;
      if (height > 300) chart.layout.height = Math.round(height * printHeight);
    }
    if (!isDark()) return chart;
    return { ...chart, data: coloured(chart.data), layout: coloured(chart.layout) };
  };

  const draw = (plot) => {
    plot.element.querySelector(".waiting")?.remove();
    const { data, layout } = specification(plot);
    plot.element.style.minHeight = "";
    return Plotly.react(plot.element, data, layout, config);
  };

  const drawAll = () => plots.map(draw);

  const toggle = (button) => {
    const plot = plots.find((item) => item.name === button.dataset.for);
    const show = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(show));
    if (show) plot.hidden.delete(button.dataset.group);
    else plot.hidden.add(button.dataset.group);
    write();
    draw(plot);
  };

  // ---- taking a chart along

  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  const csvOf = (name) => {
    const tables = document.querySelectorAll(`#${prefix}${name} details table`);
    return [...tables]
      .map((table) => [...table.rows].map((row) => [...row.cells].map((cell) => quoted(cell.textContent.trim())).join()))
      .map((lines) => `${lines.join("\n")}\n`)
      .join("\n");
  };

  const saveText = (text, filename) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const save = (button) => {
    const { for: name, save: format } = button.dataset;
    if (format === "csv") return saveText(csvOf(name), `${name}.csv`);
    const plot = plots.find((item) => item.name === name);
    const { width, height } = plot.element.getBoundingClientRect();
    return Plotly.downloadImage(plot.element, { format, width, height, scale: format === "png" ? 2 : 1, filename: name });
  };

  for (const button of document.querySelectorAll("button[data-group]")) {
    button.addEventListener("click", () => toggle(button));
  }
  for (const button of document.querySelectorAll("button[data-save]")) {
    button.addEventListener("click", () => save(button));
  }
  switchOfScheme.addEventListener("click", () => {
    const names = Object.keys(schemes);
    scheme = names[(names.indexOf(scheme) + 1) % names.length];
    applyScheme();
    write();
    drawAll();
  });
  addEventListener("hashchange", () => {
    if (!read()) return;
    applyScheme();
    drawAll();
  });
  for (const query of [prefersDark, isNarrow]) query.addEventListener("change", drawAll);
  const closed = [];
  addEventListener("beforeprint", () => {
    printing = true;
    applyScheme();
    for (const details of document.querySelectorAll("details.printed:not([open])")) closed.push(details);
    for (const details of closed) details.open = true;
    drawAll();
  });
  addEventListener("afterprint", () => {
    printing = false;
    applyScheme();
    for (const details of closed.splice(0)) details.open = false;
    drawAll();
  });

  // The page is there before the library, which takes its time to load.
  const load = () =>
    new Promise((done, failed) => {
      const kept = document.getElementById("library");
      const script = document.createElement("script");
      if (kept.dataset.address) {
        Object.assign(script, { src: kept.dataset.address, onload: done, onerror: failed });
      } else {
        script.textContent = kept.textContent;
      }
      document.head.append(script);
      if (!kept.dataset.address) done();
    });

  // One chart at a time, so that reading and scrolling go on meanwhile.
  const drawNext = async (index) => {
    if (index === plots.length) {
      document.documentElement.dataset.drawn = String(plots.length);
      for (const button of document.querySelectorAll("button[data-save]")) button.hidden = false;
      return;
    }
    await draw(plots[index]);
    setTimeout(drawNext, 0, index + 1);
  };
  switchOfScheme.hidden = false;
  // Room for each chart, so that nothing moves when it comes.
  for (const plot of plots) plot.element.style.minHeight = `${specification(plot).layout.height ?? 450}px`;
  read();
  applyScheme();
  requestAnimationFrame(() => setTimeout(() => load().then(() => drawNext(0)), 0));
})();
