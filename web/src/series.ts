// A series at every zoom: what the page carries of it, made coarser in steps of four so that a picture of any window
// touches a few values per pixel, however long the series is.

import type { Numbers } from "./payload.ts";

interface Level {
  size: number; // values of the finest level in one bucket of this one
  lo: ArrayLike<number>;
  hi: ArrayLike<number>;
}

const STEP = 4;

/** The first index whose value is not below `value`. */
export function lowerBound(sorted: ArrayLike<number>, value: number, from = 0, to = sorted.length): number {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

export class Trace {
  readonly t: Numbers;
  readonly lo: Numbers;
  readonly hi: Numbers;
  /** Whether a value holds since the instant before it (a rate), instead of moving on in a line. */
  readonly stepped: boolean;
  private levels: Level[] | null = null;

  constructor(t: Numbers, lo: Numbers, hi: Numbers, stepped = false) {
    this.t = t;
    this.lo = lo;
    this.hi = hi;
    this.stepped = stepped;
  }

  /** Indices [from, to) that a window needs: those inside, and one more on each side so that lines reach the edge. */
  within(a: number, b: number): [number, number] {
    const from = Math.max(0, lowerBound(this.t, a) - 1);
    return [from, Math.min(this.t.length, lowerBound(this.t, b, from) + 1)];
  }

  /** Smallest and largest value in each of `width` equal columns of [a, b); NaN where there is none. Steps fill the gaps. */
  columns(a: number, b: number, width: number, lo: Float64Array, hi: Float64Array): void {
    lo.fill(NaN);
    hi.fill(NaN);
    const from = lowerBound(this.t, a);
    const to = lowerBound(this.t, b, from);
    const perTick = width / (b - a);
    const level = this.level((to - from) / width);
    const first = this.stepped ? new Int32Array(width).fill(-1) : null;
    for (let bucket = Math.floor(from / level.size); bucket * level.size < to; bucket++) {
      const index = Math.max(from, bucket * level.size);
      const column = Math.floor((this.t[index] - a) * perTick);
      if (column < 0 || column >= width) continue;
      const low = level.lo[bucket], high = level.hi[bucket];
      if (first && first[column] < 0) first[column] = index;
      if (!(lo[column] <= low) && !Number.isNaN(low)) lo[column] = low;
      if (!(hi[column] >= high) && !Number.isNaN(high)) hi[column] = high;
    }
    if (!first) return;
    let next = to < this.t.length ? to : -1;
    for (let column = width - 1; column >= 0; column--) {
      if (first[column] >= 0) next = first[column];
      else if (next > 0) {
        lo[column] = this.lo[next];
        hi[column] = this.hi[next];
      }
    }
  }

  /** The value that holds at `t`: the last one not after it, of steps the first not before it; null outside of the series. */
  at(t: number): [number, number] | null {
    const i = this.stepped ? lowerBound(this.t, t - 0.5) : lowerBound(this.t, t + 0.5) - 1;
    if (i < 0 || i >= this.t.length || t > this.t[this.t.length - 1] + 0.5 || t < this.t[0] - 0.5) return null;
    return Number.isNaN(this.hi[i]) ? null : [this.lo[i], this.hi[i]];
  }

  /** The coarsest level that still has at least four buckets for every column. */
  private level(perColumn: number): Level {
    this.levels ??= [{ size: 1, lo: this.lo, hi: this.hi }];
    let index = 0;
    while (this.levels[index].size * STEP * 4 <= perColumn) {
      index++;
      if (!this.levels[index]) this.levels.push(coarser(this.levels[index - 1]));
    }
    return this.levels[index];
  }
}

function coarser(level: Level): Level {
  const n = Math.ceil(level.lo.length / STEP);
  const lo = new Float32Array(n).fill(NaN), hi = new Float32Array(n).fill(NaN);
  for (let i = 0; i < level.lo.length; i++) {
    const bucket = (i / STEP) | 0;
    if (!(lo[bucket] <= level.lo[i]) && !Number.isNaN(level.lo[i])) lo[bucket] = level.lo[i];
    if (!(hi[bucket] >= level.hi[i]) && !Number.isNaN(level.hi[i])) hi[bucket] = level.hi[i];
  }
  return { size: level.size * STEP, lo, hi };
}

export type Values = (number | null)[];

export interface Picture {
  exact: boolean; // every value that the page has in this window is drawn by itself
  x: number[];
  lo: Values[];
  hi: Values[];
}

/** What to draw of `traces` in [a, b) on `width` pixels: each value where they are few, else bounds per pixel column. */
export function picture(traces: Trace[], a: number, b: number, width: number): Picture {
  const ranges = traces.map((trace) => trace.within(a, b));
  const total = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  return total <= Math.max(200, 3 * width) ? each(traces, ranges) : bounds(traces, a, b, width);
}

function each(traces: Trace[], ranges: [number, number][]): Picture {
  const instants = new Set<number>();
  traces.forEach((trace, k) => {
    for (let i = ranges[k][0]; i < ranges[k][1]; i++) instants.add(trace.t[i]);
  });
  const x = [...instants].sort((p, q) => p - q);
  const position = new Map(x.map((t, i) => [t, i]));
  const fill = (trace: Trace, [from, to]: [number, number], values: Numbers): Values => {
    const out: Values = new Array<number | null>(x.length).fill(null);
    for (let i = from; i < to; i++) out[position.get(trace.t[i])!] = Number.isNaN(values[i]) ? null : values[i];
    return out;
  };
  return {
    exact: true,
    x,
    lo: traces.map((trace, k) => fill(trace, ranges[k], trace.lo)),
    hi: traces.map((trace, k) => fill(trace, ranges[k], trace.hi)),
  };
}

function bounds(traces: Trace[], a: number, b: number, width: number): Picture {
  const x = Array.from({ length: width }, (_, i) => a + ((i + 0.5) * (b - a)) / width);
  const lo = new Float64Array(width), hi = new Float64Array(width);
  const picture: Picture = { exact: false, x, lo: [], hi: [] };
  const values = (from: Float64Array): Values => Array.from(from, (v) => (Number.isNaN(v) ? null : v));
  for (const trace of traces) {
    trace.columns(a, b, width, lo, hi);
    picture.lo.push(values(lo));
    picture.hi.push(values(hi));
  }
  return picture;
}
