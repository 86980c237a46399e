// The stack of lanes: one ruler, one pointer, one window for all of them, by mouse, touch and keyboard.

import { css, el, fit, soon } from "./dom.ts";
import { showInstant, showSeconds } from "./format.ts";
import type { Lane, Plot } from "./lane.ts";
import type { View } from "./view.ts";

const RULER = 24;

export class Timeline implements Plot {
  readonly lanes: Lane[] = [];
  readonly stack = el("div", { class: "lanes" });
  private readonly view: View;
  private readonly ruler = el("canvas", { class: "ruler" });
  private readonly overview = el("canvas", { class: "overview" });
  private readonly window = el("output", { class: "window" });
  private readonly line = el("div", { class: "pointer", hidden: true });
  private readonly brush = el("div", { class: "brush", hidden: true });
  private readonly chosen = el("div", { class: "chosen", hidden: true });
  private readonly near = new Set<Element>();
  private readonly watcher: IntersectionObserver;
  private wide = 0;
  private gutter = 0;

  constructor(host: HTMLElement, view: View) {
    this.view = view;
    const button = (label: string, title: string, act: () => void) =>
      el("button", { type: "button", title, "aria-label": title, click: act }, label);
    const bar = el("div", { class: "bar" },
      el("div", { class: "buttons" },
        button("−", "Zoom out (-)", () => view.zoom(2)), button("+", "Zoom in (+)", () => view.zoom(0.5)),
        button("‹", "Earlier (←)", () => view.pan(-0.25)), button("›", "Later (→)", () => view.pan(0.25)),
        button("all", "The whole capture (0)", () => view.show(0, view.end))),
      this.window);
    host.append(el("div", { class: "head" }, bar, this.overview, this.ruler), this.stack);
    this.stack.append(this.chosen, this.brush, this.line);
    this.watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) this.near.add(entry.target);
        else this.near.delete(entry.target);
      }
      this.redraw();
    }, { rootMargin: "200px 0px" });
    new ResizeObserver(() => this.measure()).observe(this.stack);
    this.measure();
    for (const topic of ["range", "theme"] as const) view.on(topic, () => this.redraw());
    view.on("hover", () => soon(this.point));
    view.on("select", () => soon(this.mark));
    this.gestures();
    this.overviewGestures();
  }

  add(lane: Lane): void {
    this.lanes.push(lane);
    this.stack.append(lane.element);
    this.watcher.observe(lane.element);
  }

  heading(text: string): void {
    this.stack.append(el("h3", {}, text));
  }

  total = (): number => this.wide;
  left = (): number => this.gutter;
  right = (): number => 8;
  width = (): number => Math.max(1, this.wide - this.gutter - this.right());
  visible = (element: Element): boolean => this.near.has(element);

  private measure(): void {
    this.wide = this.stack.clientWidth;
    this.gutter = parseFloat(css("--gutter")) || 72;
    this.redraw();
  }

  private redraw(): void {
    soon(this.drawHead);
    for (const lane of this.lanes) soon(lane.draw);
    soon(this.mark);
    soon(this.point);
  }

  private readonly drawHead = (): void => {
    const { a, b } = this.view;
    const tick = this.view.tickS;
    const context = fit(this.ruler, this.wide, RULER);
    const step = niceStep(((b - a) * tick) / Math.max(2, Math.floor(this.width() / 90)));
    context.font = `11px ${css("--font")}`;
    context.fillStyle = css("--dim");
    context.strokeStyle = css("--grid");
    context.textBaseline = "middle";
    for (let s = Math.ceil((a * tick) / step) * step; s <= b * tick + step * 1e-6; s += step) {
      const x = this.x(s / tick);
      context.beginPath();
      context.moveTo(Math.round(x) + 0.5, RULER - 6);
      context.lineTo(Math.round(x) + 0.5, RULER);
      context.stroke();
      const text = showInstant(s, step);
      const w = context.measureText(text).width;
      context.fillText(text, Math.min(Math.max(x - w / 2, 2), this.wide - w - 2), RULER / 2 - 2);
    }
    const strip = fit(this.overview, this.wide, 10);
    strip.fillStyle = css("--grid");
    strip.fillRect(this.gutter, 3, this.width(), 4);
    strip.fillStyle = css("--accent");
    const from = (a / this.view.end) * this.width(), to = (b / this.view.end) * this.width();
    strip.fillRect(this.gutter + from, 1, Math.max(3, to - from), 8);
    const s = (ticks: number) => showInstant(ticks * tick, ((b - a) * tick) / 1000);
    this.window.textContent = `${s(a)} – ${s(b)} (${showSeconds((b - a) * tick)})`;
  };

  private x(ticks: number): number {
    return this.gutter + ((ticks - this.view.a) / (this.view.b - this.view.a)) * this.width();
  }

  private ticks(clientX: number): number {
    const x = clientX - this.stack.getBoundingClientRect().left - this.gutter;
    return this.view.a + (x / this.width()) * (this.view.b - this.view.a);
  }

  private readonly point = (): void => {
    const t = this.view.hover;
    this.line.hidden = t === null || t < this.view.a || t > this.view.b;
    if (t !== null) this.line.style.left = `${this.x(t)}px`;
    for (const lane of this.lanes) lane.point();
  };

  private readonly mark = (): void => {
    const range = this.view.selection;
    this.chosen.hidden = !range;
    if (range) this.cover(this.chosen, range[0], range[1]);
  };

  private cover(element: HTMLElement, a: number, b: number): void {
    const left = Math.max(this.gutter, this.x(a)), right = Math.min(this.wide, this.x(b));
    element.hidden = right <= left;
    element.style.left = `${left}px`;
    element.style.width = `${Math.max(1, right - left)}px`;
  }

  private gestures(): void {
    let from: { x: number; id: number; t: number; shift: boolean } | null = null;
    const touches = new Map<number, number>();
    let pinch: { a: number; b: number; t0: number; t1: number } | null = null;
    let dragged = false;
    const onPlot = (event: Event) => (event.target as Element).closest(".plot") !== null;
    this.stack.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !onPlot(event)) return;
      dragged = false;
      if (event.pointerType === "touch") {
        touches.set(event.pointerId, event.clientX);
        if (touches.size === 2) {
          const [x0, x1] = [...touches.values()];
          pinch = { a: this.view.a, b: this.view.b, t0: this.ticks(x0), t1: this.ticks(x1) };
        }
        return;
      }
      from = { x: event.clientX, id: event.pointerId, t: this.ticks(event.clientX), shift: event.shiftKey };
    });
    this.stack.addEventListener("pointermove", (event) => {
      if (onPlot(event)) this.view.point(Math.min(Math.max(this.ticks(event.clientX), this.view.a), this.view.b));
      const before = touches.get(event.pointerId);
      if (before !== undefined) {
        touches.set(event.pointerId, event.clientX);
        if (touches.size === 1) {
          if (!pinch) this.view.pan((before - event.clientX) / this.width());
        } else if (pinch) {
          const box = this.stack.getBoundingClientRect().left + this.gutter;
          const [x0, x1] = [...touches.values()].map((x) => (x - box) / this.width());
          if (Math.abs(x1 - x0) > 0.02) {
            const wide = (pinch.t1 - pinch.t0) / (x1 - x0);
            this.view.show(pinch.t0 - x0 * wide, pinch.t0 - x0 * wide + wide);
          }
        }
        return;
      }
      if (!from || Math.abs(event.clientX - from.x) < 4) return;
      if (!dragged) this.stack.setPointerCapture(from.id);
      dragged = true;
      const t = this.ticks(event.clientX);
      this.brush.classList.toggle("select", from.shift);
      this.cover(this.brush, Math.max(this.view.a, Math.min(from.t, t)), Math.min(this.view.b, Math.max(from.t, t)));
    });
    const up = (event: PointerEvent) => {
      touches.delete(event.pointerId);
      if (!touches.size) pinch = null;
      if (from && dragged && event.type === "pointerup") {
        const t = this.ticks(event.clientX);
        const a = Math.max(this.view.a, Math.min(from.t, t)), b = Math.min(this.view.b, Math.max(from.t, t));
        if (from.shift) this.view.select([a, b]);
        else this.view.show(a, b);
      }
      from = null;
      this.brush.hidden = true;
    };
    this.stack.addEventListener("pointerup", up);
    this.stack.addEventListener("pointercancel", up);
    this.stack.addEventListener("click", (event) => {
      if (dragged) event.stopPropagation(); // the end of a drag is no click on what lies there
      dragged = false;
    }, true);
    this.stack.addEventListener("pointerleave", () => this.view.point(null));
    this.stack.addEventListener("dblclick", (event) => onPlot(event) && this.view.show(0, this.view.end));
    this.stack.addEventListener("wheel", (event) => {
      if (!onPlot(event)) return;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        event.preventDefault();
        this.view.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * 0.004))), this.ticks(event.clientX));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        event.preventDefault();
        this.view.pan((event.deltaX || event.deltaY) / this.width());
      }
    }, { passive: false });
  }

  /** The strip above the ruler moves the window as a scrollbar does. */
  private overviewGestures(): void {
    const move = (event: PointerEvent) => {
      if (!(event.buttons & 1)) return;
      const share = (event.clientX - this.stack.getBoundingClientRect().left - this.gutter) / this.width();
      const half = (this.view.b - this.view.a) / 2;
      const middle = Math.min(Math.max(share * this.view.end, half), this.view.end - half);
      this.view.show(middle - half, middle + half);
    };
    this.overview.addEventListener("pointerdown", (event) => {
      this.overview.setPointerCapture(event.pointerId);
      move(event);
    });
    this.overview.addEventListener("pointermove", move);
  }
}

/** The least of 1, 2, 5 × 10ⁿ seconds, and whole minutes above, that is not below `least`. */
export function niceStep(least: number): number {
  for (const step of [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]) {
    if (least > 10 && step >= least) return step;
  }
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least * (1 - 1e-9)) ?? 10 * power;
}
