import assert from "node:assert/strict";
import { test } from "node:test";
import { show, showInstant } from "../src/format.ts";

// The same as godyno.units.show writes: tests/web/test_web.py asks Python for these.
const cases: [number, string, string][] = JSON.parse(process.env.GODYNO_UNITS ?? "[]");

test("quantities are written as units.py writes them", () => {
  assert.ok(cases.length > 10, "run by tests/web/test_web.py, which passes the cases");
  for (const [value, unit, text] of cases) assert.equal(show(value, unit), text);
});

test("an instant has the digits that its neighbours need", () => {
  assert.equal(showInstant(1.5, 0.1), "1.5 s");
  assert.equal(showInstant(0.00125, 1e-5), "0.00125 s");
  assert.equal(showInstant(3725, 60), "1:02:05");
  assert.equal(showInstant(125.25, 0.01), "02:05.25");
});
