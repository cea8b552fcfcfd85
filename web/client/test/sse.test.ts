import assert from "node:assert/strict";
import { test } from "node:test";
import { Parser, type Message } from "../src/sse.ts";

const stream = "retry: 1182\r\n\r\nid: 7-1\nevent: Snapshot\ndata: {\"a\":\"ä\"}\n\n: keep-alive\n\ndata: one\rdata: two\r\rid: 7-2\nevent:X\n\ndata\n\n";

const want: Message[] = [
  { id: "7-1", event: "Snapshot", data: '{"a":"ä"}' },
  { id: "7-1", event: "message", data: "one\ntwo" },
  { id: "7-2", event: "message", data: "" },
];

function read(pieces: string[]) {
  const messages: Message[] = [];
  let retry = 0;
  const parser = new Parser({ message: (m) => messages.push(m), retry: (ms) => (retry = ms) });
  for (const piece of pieces) parser.push(piece);
  return { messages, retry };
}

test("a stream means the same wherever it is cut", () => {
  for (let at = 0; at <= stream.length; at++)
    assert.deepEqual(read([stream.slice(0, at), stream.slice(at)]), { messages: want, retry: 1182 }, `cut at ${at}`);
});

test("what is not ended by an empty line is no message", () => {
  assert.deepEqual(read(["data: half"]).messages, []);
});
