// Spans on a canvas. Spans of one track never overlap and are in order, so a window is found by bisection, and whatever
// falls on a pixel that is already drawn is skipped by bisection too: the cost goes with pixels, not with spans.

import { css, el, fit, hue, soon } from "./dom.ts";
import { showSeconds } from "./format.ts";
import type { Lane, Plot } from "./lane.ts";
import type { LaneData, Numbers, Payload } from "./payload.ts";
import { lowerBound } from "./series.ts";
import type { Tip } from "./tip.ts";
import type { View } from "./view.ts";

const ROW = 17, MOST = 20 * ROW;

export interface Drawn {
  track: string;
  name: string;
  start: number;
  end: number;
}

export class SpanLane implements Lane {
  readonly element: HTMLDetailsElement;
  readonly title: string;
  readonly data: LaneData;
  private readonly view: View;
  private readonly plot: Plot;
  private readonly tip: Tip;
  private readonly start: Numbers;
  private readonly end: Numbers;
  private readonly name: Numbers;
  private readonly color: Numbers;
  private readonly detail: Numbers;
  private readonly canvas = el("canvas", {});
  private readonly scroller: HTMLDivElement;
  private matches: Uint8Array | null = null;
  private hovered = -1;
  private readonly prefix: number;

  constructor(data: LaneData, payload: Payload, view: View, plot: Plot, tip: Tip) {
    this.data = data;
    this.view = view;
    this.plot = plot;
    this.tip = tip;
    this.title = data.title;
    this.start = payload.column(data.start);
    this.end = payload.column(data.end);
    this.name = payload.column(data.name);
    this.color = payload.column(data.color);
    this.detail = payload.column(data.detail);
    this.prefix = commonPrefix(data.tracks.map((track) => track.label).filter(Boolean));
    const spacer = el("div", { class: "spacer" });
    this.scroller = el("div", { class: "plot spans" }, this.canvas, spacer);
    const full = data.tracks.length * ROW;
    this.scroller.style.height = `${Math.min(full, MOST)}px`;
    spacer.style.height = `${Math.max(0, full - Math.min(full, MOST))}px`;
    const all = el("button", { type: "button", class: "more" }, `all ${data.tracks.length} rows`);
    all.addEventListener("click", () => {
      const tall = this.scroller.style.height === `${Math.min(full, MOST)}px`;
      this.scroller.style.height = `${tall ? Math.min(full, 200 * ROW) : MOST}px`;
      spacer.style.height = `${full - parseFloat(this.scroller.style.height)}px`;
      all.textContent = tall ? "fewer rows" : `all ${data.tracks.length} rows`;
      soon(this.draw);
    });
    this.element = el("details", { class: "lane", "data-lane": data.id, open: data.open },
      el("summary", {}, el("span", { class: "title" }, data.title), el("span", { class: "note" }, data.note)),
      el("div", { class: "legend" }, ...this.keys(), full > MOST && all),
      this.scroller);
    this.element.addEventListener("toggle", () => soon(this.draw));
    this.scroller.addEventListener("scroll", () => soon(this.draw));
    this.scroller.addEventListener("pointermove", (event) => this.hover(event));
    this.scroller.addEventListener("pointerleave", () => this.leave());
    this.scroller.addEventListener("click", (event) => this.pin(event));
    this.scroller.addEventListener("dblclick", (event) => this.zoomTo(event));
    view.on("search", () => {
      this.match();
      soon(this.draw);
    });
    view.on("theme", () => {
      this.element.querySelectorAll<HTMLElement>(".key i").forEach((dot, i) => (dot.style.background = fill(i)));
      soon(this.draw);
    });
  }

  /** A track's label; where it does not fit, without what all labels of the lane begin with. */
  private short(label: string, width: number): string {
    const fits = clipped(label, width);
    return fits === label || this.prefix < 3 ? fits : clipped(`…${label.slice(this.prefix)}`, width);
  }

  private keys(): HTMLElement[] {
    if (this.data.colors.length > 12 || this.data.colors.length < 2) return [];
    return this.data.colors.map((name, i) => {
      const dot = el("i", {});
      dot.style.background = fill(i);
      return el("span", { class: "key" }, dot, el("span", {}, name));
    });
  }

  private match(): void {
    const text = this.view.search;
    if (!text) {
      this.matches = null;
      return;
    }
    const names = this.data.names.map((name) => name.toLowerCase().includes(text));
    const details = this.data.details.map((detail) => detail.toLowerCase().includes(text));
    this.matches = Uint8Array.from(this.name, (name, i) => Number(names[name] || details[this.detail[i]]));
  }

  /** How many spans the search finds; null where nothing is searched. */
  found(): number | null {
    return this.matches ? this.matches.reduce((sum, match) => sum + match, 0) : null;
  }

  /** For tests and for whoever scripts the page: the spans of the window that is shown, as SQL would list them. */
  drawn(): Drawn[] {
    const out: Drawn[] = [];
    for (const track of this.data.tracks) {
      for (let i = this.first(track.first, track.n); i < track.first + track.n && this.start[i] < this.view.b; i++) {
        out.push({ track: track.label, name: this.data.names[this.name[i]], start: this.start[i], end: this.end[i] });
      }
    }
    return out;
  }

  /** The first span of a track that has not ended before the window. */
  private first(from: number, n: number): number {
    const i = lowerBound(this.start, this.view.a, from, from + n);
    return i > from && this.end[i - 1] >= this.view.a ? i - 1 : i;
  }

  readonly draw = (): void => {
    if (!this.element.open || !this.plot.visible(this.element)) return;
    const height = this.scroller.clientHeight, top = this.scroller.scrollTop;
    const left = this.plot.left(), width = this.plot.width();
    const context = fit(this.canvas, this.plot.total(), height);
    const perTick = width / (this.view.b - this.view.a);
    context.font = `11px ${css("--font")}`;
    context.textBaseline = "middle";
    const fills = this.data.colors.map((_, i) => fill(i));
    const dim = css("--dim"), ink = css("--on-span"), faint = css("--grid");
    const from = Math.floor(top / ROW), to = Math.min(this.data.tracks.length, Math.ceil((top + height) / ROW));
    for (let row = from; row < to; row++) {
      const track = this.data.tracks[row];
      const y = row * ROW - top;
      context.fillStyle = dim;
      if (track.label) context.fillText(this.short(track.label, left - 6), 2, y + ROW / 2, left - 6);
      const last = track.first + track.n;
      let i = this.first(track.first, track.n);
      while (i < last && this.start[i] < this.view.b) {
        const x0 = Math.max(0, (this.start[i] - this.view.a) * perTick);
        const x1 = Math.min(width, (this.end[i] - this.view.a) * perTick);
        const w = Math.max(1, x1 - x0);
        const off = this.matches && !this.matches[i];
        context.fillStyle = off ? faint : fills[this.color[i]];
        context.fillRect(left + x0, y + 1, w > 3 ? w - 0.5 : w, ROW - 2);
        if (i === this.hovered) {
          context.strokeStyle = css("--ink");
          context.strokeRect(left + x0 + 0.5, y + 1.5, Math.max(1, w - 1), ROW - 3);
        }
        if (w > 24) {
          context.fillStyle = off ? dim : ink;
          context.fillText(clipped(this.data.names[this.name[i]], w - 6), left + x0 + 3, y + ROW / 2 + 0.5, w - 4);
        }
        // A search hit must not hide behind a neighbour on the same pixel, so while searching every span is visited.
        const next = this.view.a + (x0 + w) / perTick;
        i = this.matches ? i + 1 : Math.max(i + 1, this.skip(i + 1, last, next - 0.5 / perTick));
      }
    }
  };

  /** The first span from `i` on that reaches beyond `t`. */
  private skip(i: number, last: number, t: number): number {
    return i < last && this.end[i] >= t ? i : lowerBound(this.end, t, i, last);
  }

  private under(event: MouseEvent): number {
    const box = this.scroller.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top + this.scroller.scrollTop) / ROW);
    const track = this.data.tracks[row];
    const x = event.clientX - box.left - this.plot.left();
    if (!track || x < 0) return -1;
    const pixel = (this.view.b - this.view.a) / this.plot.width();
    const t = this.view.a + x * pixel;
    const last = track.first + track.n;
    const i = lowerBound(this.start, t + 1e-9, track.first, last) - 1;
    if (i >= track.first && this.end[i] >= t - pixel) return i;
    return i + 1 < last && this.start[i + 1] <= t + pixel ? i + 1 : -1;
  }

  private describe(i: number): [string, string, string] {
    const s = (ticks: number) => showSeconds(this.view.seconds(ticks));
    const when = `${s(this.end[i] - this.start[i])}, from ${s(this.start[i])} to ${s(this.end[i])}`;
    return [this.data.names[this.name[i]], when, this.data.details[this.detail[i]] ?? ""];
  }

  private hover(event: PointerEvent): void {
    const i = this.under(event);
    if (i !== this.hovered) {
      this.hovered = i;
      soon(this.draw);
    }
    this.scroller.style.cursor = i >= 0 ? "pointer" : "";
    if (i >= 0) this.tip.show(event, ...this.describe(i));
    else this.tip.hide();
  }

  private leave(): void {
    this.hovered = -1;
    this.tip.hide();
    soon(this.draw);
  }

  private pin(event: MouseEvent): void {
    const i = this.under(event);
    if (i >= 0) this.tip.pin(event, ...this.describe(i));
    else this.tip.unpin();
  }

  private zoomTo(event: MouseEvent): void {
    const i = this.under(event);
    if (i < 0) return;
    event.stopPropagation();
    const margin = Math.max(1, (this.end[i] - this.start[i]) * 0.02);
    this.tip.unpin();
    this.view.show(this.start[i] - margin, this.end[i] + margin);
  }

  readonly point = (): void => undefined;
}

function commonPrefix(labels: string[]): number {
  if (labels.length < 2) return 0;
  let n = 0;
  while (n < labels[0].length && labels.every((label) => label[n] === labels[0][n])) n++;
  return n;
}

function fill(i: number): string {
  return `hsl(${hue(i)} ${css("--span-saturation")} ${css("--span-lightness")})`;
}

/** `text` cut to about `width` pixels at 11 px. */
export function clipped(text: string, width: number): string {
  const most = Math.floor(width / 5.8);
  return text.length <= most ? text : most < 3 ? "" : `${text.slice(0, most - 1)}…`;
}
