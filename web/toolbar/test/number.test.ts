import assert from "node:assert/strict";
import { test } from "node:test";
import { dialled } from "../src/number.ts";

test("numbers as people write them, and names as they are", () => {
  const cases: [string, string][] = [
    ["1002", "1002"], [" +4930123456 ", "+4930123456"], ["+49 30 / 123-456", "+4930123456"], ["(030) 12 34.56", "030123456"],
    ["+49 (0)30 123456", "+4930123456"], ["030\u00a0123–456", "030123456"], ["*21#", "*21#"],
    ["support", "support"], ["sales-east", "sales-east"], ["4001-b", "4001-b"], ["sip:anna@example.com", "sip:anna@example.com"], ["", ""],
  ];
  for (const [text, want] of cases) assert.equal(dialled(text), want, text);
});
