import assert from "node:assert/strict";
import { test } from "node:test";
import { hour, Series, step } from "../src/series.ts";

const sample = (at: number, callsWaiting: number) => ({
  queue: "5000", at: new Date(at).toISOString(), callsWaiting, longestWaitSeconds: 0, agentsAvailable: 0, agentsBusy: 0, agentsLoggedIn: 0, agentsUnavailable: 0,
});

test("the last hour: the most of each half minute, as it stayed in between, nothing before", () => {
  const series = new Series();
  const begin = 1_700_000_010_000 - (1_700_000_010_000 % step);
  for (const [at, waiting] of [[0, 2], [10_000, 5], [20_000, 1], [3 * step, 0]] as const) series.add(sample(begin + at, waiting));
  const points = series.points(begin + 4 * step);
  assert.equal(points.length, hour / step);
  assert.deepEqual(points.slice(-6), [undefined, 5, 5, 5, 0, 0]);
  assert.equal(series.most, 5);
  assert.deepEqual(new Series(series.entries).points(begin + 4 * step), points, "a reload forgets nothing");
  series.add(sample(begin + hour, 1));
  assert.equal(series.most, 1, "what is older than an hour is forgotten");
});
