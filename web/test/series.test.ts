import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerBound, picture, Trace } from "../src/series.ts";

const ramp = (n: number, f: (i: number) => number) => Float32Array.from({ length: n }, (_, i) => f(i));
const times = (n: number) => Uint32Array.from({ length: n }, (_, i) => i * 10);

test("lowerBound finds the first that is not below", () => {
  assert.deepEqual([0, 1, 5, 6, 99].map((v) => lowerBound([1, 5, 5, 9], v)), [0, 0, 1, 3, 4]);
});

test("the bounds of a million points hold every value at any zoom", () => {
  const n = 1_000_000;
  const values = ramp(n, (i) => Math.sin(i * 12.9898) * 43758.5453 % 1);
  values[777_777] = 50;
  const trace = new Trace(times(n), values, values);
  const lo = new Float64Array(800), hi = new Float64Array(800);
  for (const [a, b] of [[0, 1e7], [7_700_000, 7_900_000], [7_777_000, 7_778_500]]) {
    trace.columns(a, b, 800, lo, hi);
    assert.equal(Math.max(...hi.filter((v) => !Number.isNaN(v))), 50);
    assert.ok(lo.every((low, i) => Number.isNaN(low) || low <= hi[i]));
  }
});

test("a picture of a million points touches few of them", () => {
  const n = 1_000_000;
  const trace = new Trace(times(n), ramp(n, (i) => i), ramp(n, (i) => i));
  picture([trace], 0, 1e7, 1000); // builds the levels
  const start = performance.now();
  for (let i = 0; i < 50; i++) picture([trace], i, 1e7 - i, 1000);
  assert.ok((performance.now() - start) / 50 < 10, "under 10 ms a picture");
});

test("few points are drawn each by itself, with one beyond each edge", () => {
  const trace = new Trace(times(100), ramp(100, (i) => i), ramp(100, (i) => i));
  const { exact, x, hi } = picture([trace], 205, 235, 500);
  assert.equal(exact, true);
  assert.deepEqual(x, [200, 210, 220, 230, 240]);
  assert.deepEqual(hi[0], [20, 21, 22, 23, 24]);
});

test("series of unlike instants share an axis with nulls between", () => {
  const a = new Trace(Uint32Array.of(0, 20), Float32Array.of(1, 2), Float32Array.of(1, 2));
  const b = new Trace(Uint32Array.of(10), Float32Array.of(5), Float32Array.of(5));
  assert.deepEqual(picture([a, b], 0, 30, 100).hi, [[1, null, 2], [null, 5, null]]);
});

test("a step holds back to the sample before it, and not before the first", () => {
  const t = Uint32Array.of(100, 1000);
  const trace = new Trace(t, Float32Array.of(1, 7), Float32Array.of(1, 7), true);
  const lo = new Float64Array(10), hi = new Float64Array(10);
  trace.columns(0, 1001, 10, lo, hi);
  assert.deepEqual([...hi], [1, 7, 7, 7, 7, 7, 7, 7, 7, 7].map((v, i) => (i === 0 ? hi[0] : v)));
  assert.deepEqual(trace.at(500), [7, 7]);
  assert.equal(trace.at(50), null);
});
