// Samples of stacks, added up for any window: each stack is a path in one tree that is built once, so a window costs one
// addition a sample and one a node, however deep the stacks are.

import type { LaneData, Numbers, Payload, StackLayer, StacksData } from "./payload.ts";
import { lowerBound } from "./series.ts";

/** Between a process and a goroutine of it in one number, which stays exact. */
export const BETWEEN = 2 ** 32;
export type Grouping = "none" | "goroutine" | "pid" | "tid" | "track";

/** What a flame graph can be drawn of. */
export interface Source {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly note: string;
  readonly baseline: boolean;
  readonly tree: Tree;
  groupings(): Grouping[];
  window(a: number, b: number, grouping: Grouping): Group[];
  trackLabel(key: number): string;
}

/** The tree of all stacks. Node 0 is the root; a parent has a smaller number than its children. */
export class Tree {
  readonly functions: string[];
  readonly parent: Int32Array;
  readonly name: Int32Array;
  readonly leaf: Int32Array; // node of each stack
  readonly children: number[][];
  readonly places: string[];

  constructor(data: Pick<StacksData, "functions" | "places">, first: ArrayLike<number>, frames: ArrayLike<number>) {
    this.functions = data.functions;
    this.places = data.places;
    const parent = [-1], name = [-1];
    const children: number[][] = [[]];
    const known = new Map<number, number>();
    this.leaf = new Int32Array(first.length);
    const wide = data.functions.length + 1;
    for (let stack = 0; stack < first.length; stack++) {
      const end = stack + 1 < first.length ? first[stack + 1] : frames.length;
      let node = 0;
      for (let i = end - 1; i >= first[stack]; i--) { // frames come leaf first
        const key = node * wide + frames[i];
        let next = known.get(key);
        if (next === undefined) {
          next = parent.length;
          known.set(key, next);
          parent.push(node);
          name.push(frames[i]);
          children.push([]);
          children[node].push(next);
        }
        node = next;
      }
      this.leaf[stack] = node;
    }
    this.parent = Int32Array.from(parent);
    this.name = Int32Array.from(name);
    this.children = children;
  }

  label(node: number): string {
    return node === 0 ? "all" : this.functions[this.name[node]];
  }

  /** Weight of each node with all that it called, from the weight of each stack. */
  totals(stacks: Float64Array): { total: Float64Array; self: Float64Array } {
    const self = new Float64Array(this.parent.length);
    for (let i = 0; i < stacks.length; i++) self[this.leaf[i]] += stacks[i];
    const total = self.slice();
    for (let node = total.length - 1; node > 0; node--) total[this.parent[node]] += total[node];
    return { total, self };
  }
}

export interface Group {
  key: number;
  weight: number;
  samples: number;
  stacks: Float64Array;
}

const GROUPS = 40;

/** Samples of one layer, in order of time. */
export class Samples implements Source {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly note: string;
  readonly baseline: boolean;
  readonly tree: Tree;
  readonly t: Numbers;
  private readonly stack: Numbers;
  private readonly weight: Numbers;
  private readonly by: Record<"goroutine" | "pid" | "tid", Numbers>;
  private readonly stacks: number;
  private readonly snapshot: boolean;

  constructor(layer: StackLayer, payload: Payload, tree: Tree) {
    this.snapshot = layer.snapshot;
    ({ id: this.id, title: this.title, unit: this.unit, note: this.note, baseline: this.baseline } = layer);
    this.tree = tree;
    this.stacks = tree.leaf.length;
    this.t = payload.column(layer.t);
    this.stack = payload.column(layer.stack);
    this.weight = payload.column(layer.weight);
    const pid = payload.column(layer.pid), tid = payload.column(layer.tid);
    // Each process numbers its goroutines from 1.
    const goroutine = Float64Array.from(payload.column(layer.goroutine), (id, i) => (id ? pid[i] * BETWEEN + id : 0));
    this.by = { goroutine, pid, tid };
  }

  /** The groupings that tell anything apart. */
  groupings(): Grouping[] {
    const several = (numbers: Numbers) => numbers.some((value) => value !== numbers[0]);
    return ["none", ...(["goroutine", "pid", "tid"] as const).filter((name) => several(this.by[name]))];
  }

  trackLabel(): string {
    return "";
  }

  /** A sample's weight over the number of its process's states from..to, so that their sum is a mean. */
  private mean(from: number, to: number): (i: number) => number {
    const { pid } = this.by, last = new Map<number, number>(), count = new Map<number, number>();
    for (let i = from; i < to; i++) {
      if (last.get(pid[i]) !== this.t[i]) {
        last.set(pid[i], this.t[i]);
        count.set(pid[i], (count.get(pid[i]) ?? 0) + 1);
      }
    }
    return (i) => this.weight[i] / count.get(pid[i])!;
  }

  /** Weights by stack in [a, b], in groups, the heaviest first; those beyond forty are one group of key -1. */
  window(a: number, b: number, grouping: Grouping): Group[] {
    // Windows are not whole ticks, samples are: half a tick keeps those on the edge.
    let from = lowerBound(this.t, a - 0.5), to = lowerBound(this.t, b + 0.5, from);
    if (this.snapshot && from === to && from > 0) from = lowerBound(this.t, this.t[from - 1]);
    const weigh = this.snapshot ? this.mean(from, to) : (i: number) => this.weight[i];
    if (grouping === "none") {
      const stacks = new Float64Array(this.stacks);
      let weight = 0;
      for (let i = from; i < to; i++) {
        stacks[this.stack[i]] += weigh(i);
        weight += weigh(i);
      }
      return [{ key: 0, weight, samples: to - from, stacks }];
    }
    const key = this.by[grouping as "goroutine" | "pid" | "tid"];
    const sums = new Map<number, number>();
    for (let i = from; i < to; i++) sums.set(key[i], (sums.get(key[i]) ?? 0) + weigh(i));
    const heaviest = [...sums].sort(([, p], [, q]) => q - p);
    const place = new Map<number, Group>();
    const groups: Group[] = [];
    let rest: Group | null = null;
    heaviest.forEach(([k, weight], i) => {
      if (i < GROUPS) {
        const group = { key: k, weight, samples: 0, stacks: new Float64Array(this.stacks) };
        groups.push(group);
        place.set(k, group);
      } else {
        rest ??= { key: -1, weight: 0, samples: 0, stacks: new Float64Array(this.stacks) };
        rest.weight += weight;
        place.set(k, rest);
      }
    });
    for (let i = from; i < to; i++) {
      const group = place.get(key[i])!;
      group.stacks[this.stack[i]] += weigh(i);
      group.samples++;
    }
    return rest ? [...groups, rest] : groups;
  }
}

/** The time that a lane's spans took, by their name: what of them lies in the window. */
export class LaneTime implements Source {
  readonly id: string;
  readonly title: string;
  readonly unit = "s";
  readonly note = "";
  readonly baseline = false;
  readonly tree: Tree;
  private readonly lane: LaneData;
  private readonly start: Numbers;
  private readonly end: Numbers;
  private readonly name: Numbers;
  private readonly tickS: number;
  private readonly labels: string[] = [];
  private readonly owner: number[];

  constructor(lane: LaneData, payload: Payload, tickS: number) {
    this.id = lane.id;
    this.title = `${lane.title}: time by name`;
    this.lane = lane;
    this.tickS = tickS;
    this.start = payload.column(lane.start);
    this.end = payload.column(lane.end);
    this.name = payload.column(lane.name);
    const names = lane.names.map((_, i) => i);
    this.tree = new Tree({ functions: lane.names, places: lane.names.map(() => "") }, names, names);
    // A track may take several rows, of which only the first bears its name.
    this.owner = lane.tracks.map((track) => {
      if (track.label || !this.labels.length) this.labels.push(track.label);
      return this.labels.length - 1;
    });
  }

  groupings(): Grouping[] {
    return this.labels.length > 1 ? ["none", "track"] : ["none"];
  }

  trackLabel(key: number): string {
    return this.labels[key] ?? "";
  }

  window(a: number, b: number, grouping: Grouping): Group[] {
    const groups = new Map<number, Group>();
    this.lane.tracks.forEach((track, row) => {
      const key = grouping === "track" ? this.owner[row] : 0;
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { key, weight: 0, samples: 0, stacks: new Float64Array(this.lane.names.length) }));
      const last = track.first + track.n;
      for (let i = lowerBound(this.end, a, track.first, last); i < last && this.start[i] <= b; i++) {
        const weight = (Math.min(this.end[i], b) - Math.max(this.start[i], a)) * this.tickS;
        if (weight < 0) continue;
        group.stacks[this.name[i]] += weight;
        group.weight += weight;
        group.samples++;
      }
    });
    const sorted = [...groups.values()].sort((p, q) => q.weight - p.weight);
    const rest = sorted.slice(GROUPS);
    if (!rest.length) return sorted;
    const sum = rest[0];
    for (const group of rest.slice(1)) {
      sum.weight += group.weight;
      sum.samples += group.samples;
      group.stacks.forEach((weight, i) => (sum.stacks[i] += weight));
    }
    return [...sorted.slice(0, GROUPS), { ...sum, key: -1 }];
  }
}
