// The flame graph of the window that is shown, on a canvas: only boxes wider than half a pixel are laid out, so it costs
// what can be seen. With something to compare to, colour says what grew and what shrank.

import { css, el, fit, hue, soon } from "./dom.ts";
import { show, showSeconds } from "./format.ts";
import type { Header, Payload } from "./payload.ts";
import { BETWEEN, type Group, type Grouping, LaneTime, Samples, type Source, Tree } from "./profile.ts";
import { clipped } from "./spans.ts";
import type { Tip } from "./tip.ts";
import type { View } from "./view.ts";

const ROW = 18, MOST_ROWS = 90;

interface Box {
  x0: number; // shares of the whole width
  x1: number;
  depth: number;
  node: number;
  group: number; // index, -1 for the box of everything
  label: string;
  total: number;
  self: number;
  before: number; // share in what is compared to
}

interface Weights {
  groups: Group[];
  total: Float64Array[];
  self: Float64Array[];
  weight: number;
  samples: number;
}

const GROUPING: Record<Grouping, string> = { none: "all together", package: "by package", track: "by row", goroutine: "by goroutine", pid: "by process", tid: "by thread" };

export class Flame {
  private readonly view: View;
  private readonly tip: Tip;
  private readonly header: Header;
  private readonly layers: Source[];
  private readonly canvas = el("canvas", { tabindex: "0", role: "img", "aria-label": "Flame graph; arrow keys move, Enter goes closer" });
  private readonly told = el("p", { class: "note" });
  private readonly source = el("select", { "aria-label": "What is shown" });
  private readonly grouping = el("select", { "aria-label": "Grouped by" });
  private readonly compare = el("button", { type: "button" });
  private readonly host: HTMLElement;
  private pinned: [number, number] | null = null;
  private near = false;
  private weights: Weights | null = null;
  private before: Weights | null = null;
  private root: { node: number; group: number } = { node: 0, group: -1 };
  private boxes: Box[] = [];
  private current = -1;

  constructor(host: HTMLElement, payload: Payload, view: View, tip: Tip) {
    this.host = host;
    this.view = view;
    this.tip = tip;
    this.header = payload.header;
    const data = payload.header.stacks;
    const tree = data && new Tree(data, payload.column(data.first), payload.column(data.frames));
    this.layers = (data?.layers ?? []).map((layer) => new Samples(layer, payload, tree!, payload.header.works));
    for (const lane of payload.header.lanes) {
      if (lane.by_name) this.layers.push(new LaneTime(lane, payload, view.tickS));
    }
    this.layers.forEach((source, i) => {
      if (!source.baseline) this.source.append(el("option", { value: String(i) }, source.title));
    });
    this.source.addEventListener("change", () => this.choose());
    this.grouping.addEventListener("change", () => this.add());
    this.compare.addEventListener("click", () => this.pin());
    host.append(el("div", { class: "bar" }, this.source, this.grouping, this.compare), this.told, el("div", { class: "flame" }, this.canvas));
    for (const topic of ["range", "select"] as const) view.on(topic, () => this.later());
    for (const topic of ["search", "theme"] as const) view.on(topic, () => soon(this.draw));
    new IntersectionObserver((entries) => {
      this.near = entries[entries.length - 1].isIntersecting;
      if (this.near) this.later();
    }, { rootMargin: "100px 0px" }).observe(host);
    new ResizeObserver(() => soon(this.lay)).observe(host);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => {
      this.current = -1;
      tip.hide();
      soon(this.draw);
    });
    this.canvas.addEventListener("click", (event) => this.enter(this.under(event)));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.choose();
  }

  private get tree(): Tree {
    return this.layer.tree;
  }

  private get layer(): Source {
    return this.layers[Number(this.source.value)];
  }

  private get baseline(): Source | undefined {
    return this.layers.find((one) => one.baseline && one.id === this.layer.id);
  }

  /** The window whose samples are shown: what is selected, else what the timeline shows. */
  window(): [number, number] {
    return this.view.selection ?? [this.view.a, this.view.b];
  }

  private choose(): void {
    const before = this.grouping.value as Grouping;
    const groupings = this.layer.groupings();
    this.grouping.replaceChildren(...groupings.map((name) => el("option", { value: name }, GROUPING[name])));
    if (groupings.includes(before)) this.grouping.value = before;
    else if (groupings.includes("package")) this.grouping.value = "package"; // a build: its compilers are many programs
    this.grouping.hidden = groupings.length < 2;
    this.pinned = null;
    this.root = { node: 0, group: -1 };
    this.add();
  }

  /** Holds the present window, to compare others with it; or lets go of it. */
  pin(): void {
    this.pinned = this.pinned ? null : this.window();
    this.add();
  }

  private later(): void {
    if (this.near) soon(this.add);
  }

  readonly add = (): void => {
    const [a, b] = this.window();
    this.weights = this.weigh(this.layer, a, b, this.grouping.value as Grouping);
    this.before = null;
    if (this.pinned) this.before = this.weigh(this.layer, ...this.pinned, "none");
    else if (this.baseline) this.before = this.weigh(this.baseline, 0, Infinity, "none");
    if (this.root.group >= this.weights.groups.length) this.root = { node: 0, group: -1 };
    const seconds = (t: number) => showSeconds(this.view.seconds(t));
    this.compare.textContent = this.pinned
      ? `compared with ${seconds(this.pinned[0])} – ${seconds(this.pinned[1])}; stop` : "compare with this window";
    const { unit, note } = this.layer;
    const { weight, samples } = this.weights;
    this.told.textContent =
      `${samples.toLocaleString("en-US")} samples, ${show(weight, unit)} from ${seconds(a)} to ${seconds(b)}` +
      (this.before ? `; red: a greater share than in the other ${this.pinned ? "window" : "capture"}, blue: a smaller` : "") + (note ? `. ${note}` : "");
    this.lay();
  };

  private weigh(samples: Source, a: number, b: number, grouping: Grouping): Weights {
    const groups = samples.window(a, b, grouping);
    const sums = groups.map((group) => this.tree.totals(group.stacks));
    return {
      groups, total: sums.map((sum) => sum.total), self: sums.map((sum) => sum.self),
      weight: groups.reduce((sum, group) => sum + group.weight, 0),
      samples: groups.reduce((sum, group) => sum + group.samples, 0),
    };
  }

  private groupLabel(group: Group): string {
    if (group.key === -1) return "the rest";
    switch (this.grouping.value as Grouping) {
      case "pid": return this.header.processes[String(group.key)] ?? `pid ${group.key}`;
      case "tid": return `thread ${group.key}`;
      case "goroutine": {
        const id = group.key % BETWEEN, pid = (group.key - id) / BETWEEN;
        return this.header.goroutines[`${pid}/${id}`] ?? (id ? `goroutine ${id}` : "no goroutine");
      }
      case "package":
      case "track": return this.layer.trackLabel(group.key);
      default: return "all";
    }
  }

  readonly lay = (): void => {
    const width = Math.max(1, this.host.clientWidth);
    const at = this.boxes[this.current]; // it stays chosen, wherever it comes to lie
    this.boxes = [];
    const weights = this.weights;
    if (weights && weights.weight > 0) {
      const grouped = (this.grouping.value as Grouping) !== "none";
      if (this.root.group === -1) {
        this.boxes.push({
          x0: 0, x1: 1, depth: 0, node: 0, group: -1, label: "all", total: weights.weight, self: 0, before: this.before ? 1 : 0,
        });
        let x = 0;
        weights.groups.forEach((group, g) => {
          const share = group.weight / weights.weight;
          if (grouped) this.sub(g, 0, x, x + share, 1, width, this.groupLabel(group));
          else this.below(g, 0, x, x + share, 1, width);
          x += share;
        });
      } else {
        const { node, group } = this.root;
        const path: number[] = [];
        for (let at = node; at > 0; at = this.tree.parent[at]) path.unshift(at);
        this.boxes.push({
          x0: 0, x1: 1, depth: 0, node: 0, group: -1, label: "all", total: weights.weight, self: 0, before: this.before ? 1 : 0,
        });
        let depth = 1;
        if (grouped) this.box(group, 0, 0, 1, depth++, this.groupLabel(weights.groups[group]));
        for (const at of path) this.box(group, at, 0, 1, depth++);
        this.below(group, node, 0, 1, depth, width);
      }
    }
    const rows = Math.min(MOST_ROWS, this.boxes.reduce((most, box) => Math.max(most, box.depth + 1), 1));
    this.canvas.dataset.rows = String(rows);
    this.current = at ? this.boxes.findIndex((box) => box.depth === at.depth && box.node === at.node && box.group === at.group) : -1;
    this.draw();
  };

  private box(g: number, node: number, x0: number, x1: number, depth: number, label = this.tree.label(node)): void {
    const weights = this.weights!;
    const before = this.before ? this.before.total[0][node] / (this.before.weight || 1) : 0;
    this.boxes.push({ x0, x1, depth, node, group: g, label, total: weights.total[g][node], self: weights.self[g][node], before });
  }

  private sub(g: number, node: number, x0: number, x1: number, depth: number, width: number, label?: string): void {
    if ((x1 - x0) * width < 0.5 || depth >= MOST_ROWS) return;
    this.box(g, node, x0, x1, depth, label);
    this.below(g, node, x0, x1, depth + 1, width);
  }

  /** The children of a node, the heaviest first, each as wide as its share. */
  private below(g: number, node: number, x0: number, x1: number, depth: number, width: number): void {
    const total = this.weights!.total[g];
    const scale = (x1 - x0) / (total[node] || 1);
    const children = this.tree.children[node].filter((child) => total[child] * scale * width >= 0.5);
    children.sort((p, q) => total[q] - total[p] || p - q);
    let x = x0;
    for (const child of children) {
      const w = total[child] * scale;
      this.sub(g, child, x, x + w, depth, width);
      x += w;
    }
  }

  readonly draw = (): void => {
    const width = this.host.clientWidth;
    const context = fit(this.canvas, width, Number(this.canvas.dataset.rows ?? 1) * ROW + 2);
    context.font = `11.5px ${css("--font")}`;
    context.textBaseline = "middle";
    const ink = css("--on-span"), strong = css("--ink"), found = css("--found"), search = this.view.search;
    const saturation = css("--span-saturation"), lightness = css("--span-lightness");
    if (!this.boxes.length) {
      context.fillStyle = css("--dim");
      context.fillText("No samples in this window.", 4, ROW / 2);
      return;
    }
    const whole = this.weights!.weight;
    this.boxes.forEach((box, i) => {
      const x = box.x0 * width, w = Math.max(0.5, (box.x1 - box.x0) * width), y = box.depth * ROW;
      if (search && box.label.toLowerCase().includes(search)) context.fillStyle = found;
      else if (this.before) context.fillStyle = changed(box.total / whole - box.before, saturation, lightness);
      else context.fillStyle = `hsl(${warm(box.label)} ${saturation} ${lightness})`;
      context.fillRect(x, y + 1, w > 2 ? w - 0.6 : w, ROW - 1.5);
      if (w > 26) {
        context.fillStyle = ink;
        context.fillText(clipped(box.label, w - 6), x + 3, y + ROW / 2 + 1, w - 5);
      }
      if (i === this.current) {
        context.strokeStyle = strong;
        context.strokeRect(x + 0.5, y + 1.5, Math.max(1, w - 1.5), ROW - 3);
      }
    });
  };

  private under(event: MouseEvent): number {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / Math.max(1, box.width), depth = Math.floor((event.clientY - box.top) / ROW);
    return this.boxes.findIndex((one) => one.depth === depth && x >= one.x0 && x < one.x1);
  }

  private hover(event: PointerEvent): void {
    const i = this.under(event);
    if (i !== this.current) {
      this.current = i;
      soon(this.draw);
    }
    if (i >= 0) this.tip.show(event, ...this.describe(this.boxes[i]));
    else this.tip.hide();
  }

  private describe(box: Box): [string, string, string] {
    const { unit } = this.layer;
    const whole = this.weights!.weight;
    const share = show(box.total / whole, "1");
    const text = `${show(box.total, unit)}, ${share} of the window; itself ${show(box.self, unit)}`;
    const detail = this.before ? `before: ${show(box.before, "1")}, now: ${share}` : "";
    const place = box.node > 0 ? this.tree.places[this.tree.name[box.node]] : "";
    return [box.label, text, [detail, place].filter(Boolean).join("\n")];
  }

  private enter(i: number): void {
    const box = this.boxes[i];
    if (!box) return;
    this.root = box.group === -1 ? { node: 0, group: -1 } : { node: box.node, group: box.group };
    this.tip.hide();
    this.lay();
  }

  /** Arrows move from box to box, Enter goes closer, Escape goes back to everything. */
  private key(event: KeyboardEvent): void {
    const at = this.boxes[this.current] ?? this.boxes[0];
    if (!at) return;
    const beside = (same: (box: Box) => boolean, best: (p: Box, q: Box) => boolean) => {
      let found: Box | null = null;
      for (const box of this.boxes) if (same(box) && (!found || best(box, found))) found = box;
      return found;
    };
    let next: Box | null = null;
    switch (event.key) {
      case "ArrowDown":
        next = beside((b) => b.depth === at.depth + 1 && b.x0 >= at.x0 - 1e-9 && b.x1 <= at.x1 + 1e-9, (p, q) => p.x0 < q.x0);
        break;
      case "ArrowUp": next = beside((b) => b.depth === at.depth - 1 && b.x0 <= at.x0 + 1e-9 && b.x1 >= at.x1 - 1e-9, () => true); break;
      case "ArrowRight": next = beside((b) => b.depth === at.depth && b.x0 >= at.x1 - 1e-9, (p, q) => p.x0 < q.x0); break;
      case "ArrowLeft": next = beside((b) => b.depth === at.depth && b.x1 <= at.x0 + 1e-9, (p, q) => p.x0 > q.x0); break;
      case "Enter": this.enter(this.boxes.indexOf(at)); break;
      case "Escape":
        this.root = { node: 0, group: -1 };
        this.lay();
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (next) {
      this.current = this.boxes.indexOf(next);
      const box = this.canvas.getBoundingClientRect();
      const where = { clientX: box.left + next.x0 * box.width, clientY: box.top + next.depth * ROW } as MouseEvent;
      this.tip.show(where, ...this.describe(next));
      soon(this.draw);
    }
  }

  /** For tests and for whoever scripts the page: every box that is drawn. */
  drawn(): { label: string; depth: number; total: number; self: number; before: number; width: number }[] {
    return this.boxes.map(({ label, depth, total, self, before, x0, x1 }) => ({ label, depth, total, self, before, width: x1 - x0 }));
  }
}

/** A colour for a function: the same wherever it stands, and its package gives the hue. */
function warm(label: string): number {
  let hash = 0;
  const head = label.slice(0, Math.max(label.lastIndexOf("/"), 0)) + label.slice(label.lastIndexOf("/") + 1).split(".")[0];
  for (let i = 0; i < head.length; i++) hash = (hash * 31 + head.charCodeAt(i)) >>> 0;
  return hue(hash % 997);
}

/** Red for what takes a larger share than before, blue for what takes a smaller one. */
function changed(difference: number, saturation: string, lightness: string): string {
  const strength = Math.min(1, Math.abs(difference) * 8 + 0.15);
  if (Math.abs(difference) < 0.002) return `hsl(0 0% ${lightness})`;
  return `hsl(${difference > 0 ? 5 : 220} calc(${saturation} * ${strength.toFixed(2)} + 8%) ${lightness})`;
}
