import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payload, StackLayer } from "../src/payload.ts";
import { Samples, Tree } from "../src/profile.ts";

const tree = new Tree({ functions: ["main", "work"], places: ["", ""] }, [0, 1], [0, 1]);

function samples(snapshot: boolean): Samples {
  // Process 1 at 10 and 20, process 2 at 15; stacks 0 and 1.
  const columns: Record<string, number[]> = {
    t: [10, 10, 15, 20, 20], stack: [0, 1, 0, 0, 1], weight: [100, 10, 7, 300, 30], pid: [1, 1, 2, 1, 1],
    tid: [0, 0, 0, 0, 0], goroutine: [0, 0, 0, 0, 0],
  };
  const layer = { id: "heap", title: "Heap", unit: "By", note: "", baseline: false, snapshot, ...columns };
  return new Samples(layer as unknown as StackLayer, { column: (of: unknown) => of } as unknown as Payload, tree);
}

test("what was sampled is added up", () => {
  assert.deepEqual([...samples(false).window(0, 100, "none")[0].stacks], [407, 40]);
});

test("states are not added up: each process counts with its mean", () => {
  const [all] = samples(true).window(0, 100, "none");
  assert.deepEqual([...all.stacks], [200 + 7, 20]);
  assert.equal(all.weight, 227);
  assert.deepEqual(samples(true).window(0, 100, "pid").map((group) => [group.key, group.weight]), [[1, 220], [2, 7]]);
});

test("a window between two states shows the last before it", () => {
  assert.deepEqual([...samples(true).window(21, 30, "none")[0].stacks], [300, 30]);
  assert.deepEqual([...samples(true).window(0, 5, "none")[0].stacks], [0, 0]);
});
