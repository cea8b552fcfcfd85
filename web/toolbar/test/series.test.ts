import assert from "node:assert/strict";
import { test } from "node:test";
import { hour, Series, step } from "../src/series.ts";

const sample = (at: number, callsWaiting: number) => ({ at: new Date(at).toISOString(), callsWaiting });

test("the last hour: the most of each half minute, as it stayed in between, nothing where nothing is known", () => {
  const series = new Series();
  const begin = 1_700_000_010_000 - (1_700_000_010_000 % step);
  for (const [at, waiting] of [[0, 2], [10_000, 5], [20_000, 1], [3 * step, 0]] as const) series.add(sample(begin + at, waiting));
  const points = series.points(begin + 4 * step);
  assert.equal(points.length, hour / step);
  assert.deepEqual(points.slice(-6), [undefined, 5, 5, 5, 0, 0]);
  assert.deepEqual(series.points(begin + 9 * step).slice(-7), [0, 0, 0, 0, undefined, undefined, undefined], "not told for two minutes: not known");
  series.add(sample(begin + hour, 1));
  assert.deepEqual(series.points(begin + hour).filter((p) => p !== undefined), [0, 0, 0, 0, 1], "what is older than an hour is forgotten");
});
