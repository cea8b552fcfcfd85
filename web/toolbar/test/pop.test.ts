import assert from "node:assert/strict";
import { test } from "node:test";
import { safe } from "../src/pop.ts";

test("only pages are opened", () => {
  const cases: [string | undefined, string | undefined][] = [
    ["https://crm.example/find?phone=%2B4930", "https://crm.example/find?phone=%2B4930"],
    ["http://crm.example", "http://crm.example/"],
    ["javascript:alert(1)", undefined],
    [" JavaScript:alert(1)", undefined],
    ["data:text/html,<script>alert(1)</script>", undefined],
    ["file:///etc/passwd", undefined],
    ["/relative", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [url, want] of cases) assert.equal(safe(url), want, url);
});
