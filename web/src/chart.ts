// One chart of the timeline. uPlot draws lines, bands and the scale; the window, the pointer and the legend are shared.

import uPlot from "uplot";
import { css, el, lineColor, soon } from "./dom.ts";
import { show } from "./format.ts";
import type { Lane, Plot } from "./lane.ts";
import type { ChartData, Payload } from "./payload.ts";
import { picture, Trace } from "./series.ts";
import type { View } from "./view.ts";

const FEW = 6, MANY = 48, HEIGHT = 128;

export class ChartLane implements Lane {
  readonly element: HTMLDetailsElement;
  readonly title: string;
  private readonly data: ChartData;
  private readonly payload: Payload;
  private readonly view: View;
  private readonly plot: Plot;
  private readonly body = el("div", { class: "plot chart" });
  private readonly legend = el("div", { class: "legend" });
  private readonly hidden = new Set<number>();
  private readonly traces = new Map<number, Trace>();
  private readonly values = new Map<number, HTMLElement>();
  private readonly byPeak: number[];
  private shown: number[] = [];
  private most = FEW;
  private resting = 0;
  private u: uPlot | null = null;

  constructor(data: ChartData, payload: Payload, view: View, plot: Plot) {
    this.data = data;
    this.payload = payload;
    this.view = view;
    this.plot = plot;
    this.title = data.title;
    this.byPeak = data.series.map((_, i) => i).sort((p, q) => data.series[q].peak - data.series[p].peak || p - q);
    this.element = el("details", { class: "lane", "data-lane": data.id, open: data.open },
      el("summary", {}, el("span", { class: "title" }, data.title),
        data.note ? el("span", { class: "note" }, data.note) : null),
      this.legend, this.body);
    this.element.addEventListener("toggle", () => soon(this.draw));
    view.on("theme", () => this.rebuild());
    this.choose();
  }

  /** For tests and for whoever scripts the page: what is drawn now. */
  drawn(): { labels: string[]; exact: boolean; x: number[]; lo: unknown[]; hi: unknown[] } {
    const result = picture(this.shown.map((i) => this.trace(i)), this.view.a, this.view.b, this.plot.width());
    return { labels: this.shown.map((i) => this.data.series[i].label), ...result };
  }

  private trace(i: number): Trace {
    let trace = this.traces.get(i);
    if (!trace) {
      const series = this.data.series[i];
      const lo = this.payload.column(series.lo);
      trace = new Trace(this.payload.column(series.t), lo, series.hi ? this.payload.column(series.hi) : lo, this.data.stepped);
      this.traces.set(i, trace);
    }
    return trace;
  }

  private choose(): void {
    // In the capture's order, so that user and system stand side by side; only which ones are shown goes by size.
    this.shown = this.highest().sort((p, q) => p - q);
    this.values.clear();
    const items: HTMLElement[] = this.shown.map((i) => {
      const value = el("b", {});
      this.values.set(i, value);
      const item = el("button", {
        type: "button", class: "key", "aria-pressed": String(!this.hidden.has(i)), title: this.data.series[i].label,
        click: () => {
          if (!this.hidden.delete(i)) this.hidden.add(i);
          item.setAttribute("aria-pressed", String(!this.hidden.has(i)));
          soon(this.draw);
        },
      }, el("i", {}), el("span", {}, this.data.series[i].label), value);
      (item.firstChild as HTMLElement).style.background = lineColor(i);
      return item;
    });
    const rest = this.data.series.length - this.shown.length;
    if (rest > 0 && this.most < MANY) {
      items.push(el("button", { type: "button", class: "more", click: () => this.more(MANY) },
        this.data.series.length > MANY ? `${this.shown.length} highest of ${this.data.series.length} shown; more` : `${rest} more`));
    } else if (this.most > FEW) {
      items.push(el("button", { type: "button", class: "more", click: () => this.more(FEW) },
        rest > 0 ? `fewer (${rest} are lower still)` : "fewer"));
    }
    this.legend.replaceChildren(...items);
    this.rebuild();
  }

  /** The series with the highest values in the window that is shown; all of them where they are few. */
  private highest(): number[] {
    if (this.byPeak.length <= this.most) return [...this.byPeak];
    if (this.view.a === 0 && this.view.b === this.view.end) return this.byPeak.slice(0, this.most);
    const lo = new Float64Array(1), hi = new Float64Array(1);
    const peaks = this.byPeak.map((i) => {
      this.trace(i).columns(this.view.a, this.view.b, 1, lo, hi);
      return [i, hi[0]] as const;
    });
    const inside = peaks.filter(([, peak]) => !Number.isNaN(peak)).sort(([, p], [, q]) => q - p).map(([i]) => i);
    return inside.slice(0, this.most);
  }

  private more(most: number): void {
    this.most = most;
    this.choose();
  }

  private rebuild(): void {
    this.u?.destroy();
    this.u = null;
    this.legend.querySelectorAll("i").forEach((dot, k) => (dot.style.background = lineColor(this.shown[k])));
    soon(this.draw);
  }

  private make(width: number): uPlot {
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    const stepped = this.data.stepped ? uPlot.paths.stepped!({ align: -1 }) : undefined;
    this.shown.forEach((i, k) => {
      const stroke = lineColor(i);
      const line: uPlot.Series = { stroke, width: 1.25, spanGaps: true, points: { show: false }, scale: "y" };
      if (stepped) line.paths = stepped;
      series.push({ ...line }, { ...line });
      bands.push({ series: [2 * k + 2, 2 * k + 1], fill: stroke.replace(/\)$/, " / 0.25)") });
    });
    const grid = { stroke: css("--grid"), width: 1 };
    return new uPlot({
      width,
      height: HEIGHT,
      padding: [8, this.plot.right(), 4, 0],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: false, auto: false, range: () => [this.view.a, this.view.b] },
        y: { range: (_, low, high) => extent(low, high) },
      },
      axes: [
        { show: false },
        {
          scale: "y", size: this.plot.left(), gap: 4, stroke: css("--dim"), grid, ticks: { show: false },
          font: `11px ${css("--font")}`, space: 26,
          values: (_, splits) => splits.map((value) => show(value, this.data.unit)),
        },
      ],
      series,
      bands,
    }, [[], ...series.slice(1).map(() => [])] as unknown as uPlot.AlignedData, this.body);
  }

  readonly draw = (): void => {
    if (!this.element.open || !this.plot.visible(this.element)) return;
    if (this.byPeak.length > this.most) {
      // Which lines are highest here is asked when the zoom has come to rest: new lines mean a new chart.
      window.clearTimeout(this.resting);
      this.resting = window.setTimeout(() => {
        if (this.highest().sort((p, q) => p - q).join() !== this.shown.join()) this.choose();
      }, 120);
    }
    const width = this.plot.total();
    if (this.u && this.u.width !== width) {
      this.u.destroy();
      this.u = null;
    }
    this.u ??= this.make(width);
    const { x, lo, hi } = picture(this.shown.map((i) => this.trace(i)), this.view.a, this.view.b, this.plot.width());
    const data: unknown[] = [x];
    this.shown.forEach((i, k) => {
      const empty = this.hidden.has(i);
      data.push(empty ? x.map(() => null) : lo[k], empty ? x.map(() => null) : hi[k]);
    });
    this.u.setData(data as uPlot.AlignedData, true);
    this.point();
  };

  readonly point = (): void => {
    if (!this.element.open || !this.plot.visible(this.element)) return;
    const t = this.view.hover;
    for (const [i, element] of this.values) {
      let text = "";
      if (t !== null) {
        const pixel = (this.view.b - this.view.a) / this.plot.width();
        const value = this.trace(i).at(t) ?? this.trace(i).at(t - pixel);
        if (value) {
          const [low, high] = value.map((v) => show(v, this.data.unit));
          text = low === high ? high : `${low} – ${high}`;
        }
      }
      element.textContent = text;
    }
  };
}

/** From zero where nothing is below it, with room above; a flat line gets a scale too. */
function extent(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const bottom = low >= 0 ? 0 : low * 1.05;
  const top = high > 0 ? high * 1.05 : 0;
  return top > bottom ? [bottom, top] : [bottom, bottom + 1];
}
