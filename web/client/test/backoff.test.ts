import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../src/backoff.ts";

test("the first wait is the server's, the others grow, up to a bound, with jitter", () => {
  for (const random of [0, 0.999]) {
    const backoff = new Backoff(() => random);
    backoff.retry = 800;
    const waits = Array.from({ length: 8 }, () => backoff.next());
    assert.equal(waits[0], 800);
    for (const [i, wait] of waits.slice(1).entries()) {
      const whole = Math.min(800 * 2 ** (i + 1), 15_000);
      assert.ok(wait >= whole / 2 && wait <= whole, `wait ${i + 1} is ${wait} of ${whole}`);
    }
    backoff.reset();
    assert.equal(backoff.next(), 800);
  }
});
