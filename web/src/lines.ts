// What the command wrote, each line at its time; only the rows on the screen are elements.

import { el, soon } from "./dom.ts";
import { lowerBound } from "./series.ts";
import type { LinesData, Numbers, Payload } from "./payload.ts";
import { showInstant } from "./format.ts";
import type { View } from "./view.ts";

const ROW = 18;

export class Lines {
  private readonly data: LinesData;
  private readonly view: View;
  private readonly t: Numbers;
  private readonly stream: Numbers;
  private readonly scroller = el("div", { class: "lines", tabindex: "0" });
  private readonly spacer = el("div", { class: "spacer" });
  private readonly rows = el("div", { class: "rows" });
  private shown: number[] = [];

  constructor(host: HTMLElement, data: LinesData, payload: Payload, view: View) {
    this.data = data;
    this.view = view;
    this.t = payload.column(data.t);
    this.stream = payload.column(data.stream);
    this.scroller.append(this.spacer, this.rows);
    host.append(el("p", { class: "note" }, data.note), this.scroller);
    this.scroller.addEventListener("scroll", () => soon(this.draw));
    new ResizeObserver(() => soon(this.draw)).observe(this.scroller);
    view.on("search", () => this.choose());
    view.on("range", () => this.follow());
    this.choose();
  }

  found(): number | null {
    return this.view.search ? this.shown.length : null;
  }

  private choose(): void {
    const text = this.view.search;
    this.shown = [];
    this.data.text.forEach((line, i) => {
      if (!text || line.toLowerCase().includes(text)) this.shown.push(i);
    });
    this.spacer.style.height = `${this.shown.length * ROW}px`;
    this.scroller.style.height = `${Math.min(Math.max(this.shown.length, 1), 18) * ROW + 10}px`;
    soon(this.draw);
  }

  private follow(): void {
    const times = this.shown.map((i) => this.t[i]);
    if (this.view.a > 0) this.scroller.scrollTop = lowerBound(times, this.view.a) * ROW;
    soon(this.draw);
  }

  private readonly draw = (): void => {
    const from = Math.floor(this.scroller.scrollTop / ROW);
    const to = Math.min(this.shown.length, from + Math.ceil(this.scroller.clientHeight / ROW) + 1);
    const rows: HTMLElement[] = [];
    for (let k = from; k < to; k++) {
      const i = this.shown[k];
      const t = this.t[i];
      const inside = t >= this.view.a && t <= this.view.b;
      const stream = this.data.streams[this.stream[i]];
      rows.push(el("div", { class: `line ${stream === "stderr" ? "err" : ""} ${inside ? "" : "outside"}` },
        el("button", {
          type: "button", title: `${stream}: show this moment`,
          click: () => {
            const half = Math.min(this.view.b - this.view.a, this.view.end / 20) / 2;
            this.view.show(t - half, t + half);
            this.view.point(t);
          },
        }, showInstant(this.view.seconds(t), 1e-3)),
        el("span", {}, this.data.text[i])));
    }
    if (!this.shown.length) rows.push(el("div", { class: "line outside" }, "no line of output matches"));
    this.rows.style.top = `${from * ROW}px`;
    this.rows.replaceChildren(...rows);
  };
}
