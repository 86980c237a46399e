// The report page: reads what it carries, builds the lanes, and wires keyboard, search and theme.

import "uplot/dist/uPlot.min.css";
import "./page.css";
import { ChartLane } from "./chart.ts";
import { el } from "./dom.ts";
import { Flame } from "./flame.ts";
import { Lines } from "./lines.ts";
import { Payload, unpack } from "./payload.ts";
import { SpanLane } from "./spans.ts";
import { Timeline } from "./timeline.ts";
import { Tip } from "./tip.ts";
import { View } from "./view.ts";

function theme(view: View | null): void {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const saved = (): string | null => {
    try {
      return localStorage.getItem("godyno-theme");
    } catch {
      return null; // storage is closed to pages from files in some browsers
    }
  };
  const put = (name: string) => {
    root.dataset.theme = name;
    if (button) button.textContent = name === "dark" ? "light" : "dark";
    view?.themed();
  };
  put(saved() ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => saved() ?? put(dark.matches ? "dark" : "light"));
  button?.removeAttribute("hidden");
  button?.addEventListener("click", () => {
    put(root.dataset.theme === "dark" ? "light" : "dark");
    try {
      localStorage.setItem("godyno-theme", root.dataset.theme!);
    } catch {
      // the choice then lasts as long as the page
    }
  });
}

async function start(): Promise<void> {
  const block = document.getElementById("capture-data");
  const host = document.getElementById("timeline");
  if (!block || !host) return theme(null);
  const payload = new Payload(await unpack(block.textContent ?? ""));
  block.textContent = "";
  const { header } = payload;
  const view = new View(header.span_ticks, header.tick_ns * 1e-9);
  theme(view);
  const tip = new Tip(document.body);
  const timeline = new Timeline(host, view);
  const spans = header.lanes.map((lane) => new SpanLane(lane, payload, view, timeline, tip));
  const charts = header.charts.map((chart) => ({ chart, lane: new ChartLane(chart, payload, view, timeline) }));
  const firstCharts = charts.filter(({ chart }) => chart.open);
  for (const { lane } of firstCharts) timeline.add(lane);
  for (const lane of spans) timeline.add(lane);
  let group = "";
  for (const { chart, lane } of charts) {
    if (chart.open) continue;
    if (chart.group !== group) timeline.heading(chart.group);
    group = chart.group;
    timeline.add(lane);
  }
  const linesHost = document.getElementById("output-lines");
  const lines = header.lines && linesHost ? new Lines(linesHost, header.lines, payload, view) : null;
  const flameHost = document.getElementById("flame-graph");
  const wanted = flameHost && (header.stacks || header.lanes.some((lane) => lane.by_name));
  if (wanted) document.getElementById("flame-section")?.removeAttribute("hidden");
  const flame = wanted ? new Flame(flameHost, payload, view, tip) : null;
  jumps(view, header.tick_ns);
  search(view, spans, lines);
  keys(view, tip, flame);
  // What a test or a script in the console may ask.
  Object.assign(window, {
    godyno: { view, header, flame, lanes: Object.fromEntries(timeline.lanes.map((lane) => [lane.element.dataset.lane, lane])) },
  });
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

/** Each finding's time range, shown where it happened. */
function jumps(view: View, tickNs: number): void {
  document.querySelectorAll<HTMLButtonElement>("button.jump").forEach((button) => {
    const a = Number(button.dataset.a) / tickNs, b = Number(button.dataset.b) / tickNs;
    button.hidden = false;
    button.addEventListener("click", () => {
      const margin = Math.max((b - a) * 0.1, view.end * 1e-4);
      view.show(a - margin, b + margin);
      view.select([a, b]);
      document.getElementById("timeline")?.scrollIntoView({ behavior: "smooth" });
    });
  });
}

function search(view: View, spans: SpanLane[], lines: Lines | null): void {
  const count = el("output", { class: "count" });
  const input = el("input", { type: "search", placeholder: "search ( / )", "aria-label": "Search spans and output" });
  input.addEventListener("input", () => {
    view.find(input.value);
    const found = spans.reduce((sum, lane) => sum + (lane.found() ?? 0), lines?.found() ?? 0);
    count.textContent = view.search ? `${found} found` : "";
  });
  document.querySelector("#timeline .bar")?.append(el("label", { class: "search" }, input, count));
}

function keys(view: View, tip: Tip, flame: Flame | null): void {
  const help = document.getElementById("keys") as HTMLDialogElement | null;
  document.getElementById("help")?.addEventListener("click", () => help?.showModal());
  document.getElementById("help")?.removeAttribute("hidden");
  const jumpButtons = () => [...document.querySelectorAll<HTMLButtonElement>("button.jump:not([hidden])")];
  let finding = -1;
  const step = (by: number) => {
    const buttons = jumpButtons();
    if (!buttons.length) return;
    finding = (finding + by + buttons.length) % buttons.length;
    buttons[finding].focus();
    buttons[finding].click();
  };
  const actions: Record<string, () => void> = {
    "+": () => view.zoom(0.5), "=": () => view.zoom(0.5), "-": () => view.zoom(2),
    ArrowLeft: () => view.pan(-0.25), ArrowRight: () => view.pan(0.25),
    "0": () => view.show(0, view.end), n: () => step(1), p: () => step(-1),
    c: () => flame?.pin(), t: () => document.getElementById("theme")?.click(), "?": () => help?.showModal(),
    "/": () => document.querySelector<HTMLInputElement>("#timeline input[type=search]")?.focus(),
    Escape: () => {
      tip.unpin();
      view.select(null);
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.closest("input, textarea, select")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

start().catch((error: unknown) => {
  document.getElementById("timeline")?.append(
    el("p", { class: "note warning" }, `The timeline cannot be drawn: ${error instanceof Error ? error.message : error}`));
});
