import { connect, createServer, type Server, type Socket } from "node:net";

/** A proxy of bytes, at which connections can be cut, refused and held up. */
export class Proxy {
  private readonly pairs = new Set<[Socket, Socket]>();
  private refusing = false;
  private held = false;
  /** Bytes that went to clients. */
  delivered = 0;

  private constructor(private readonly server: Server, readonly url: string) {}

  static listen(target: number): Promise<Proxy> {
    const server = createServer();
    return new Promise((done) =>
      server.listen(0, "127.0.0.1", () => {
        const proxy = new Proxy(server, `http://127.0.0.1:${(server.address() as { port: number }).port}`);
        server.on("connection", (client) => proxy.join(client, target));
        done(proxy);
      }),
    );
  }

  private join(client: Socket, target: number) {
    if (this.refusing) return client.destroy();
    const upstream = connect(target, "127.0.0.1");
    const pair: [Socket, Socket] = [client, upstream];
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    client.pipe(upstream);
    upstream.on("data", (chunk) => {
      this.delivered += chunk.length;
      if (!client.write(chunk) && !this.held) {
        upstream.pause();
        client.once("drain", () => this.held || upstream.resume());
      }
    });
    if (this.held) upstream.pause();
  }

  /** Breaks all connections at once. */
  cut() {
    for (const [client] of this.pairs) client.resetAndDestroy();
  }

  /** From now on nobody gets through, and who was through is cut. */
  refuse() {
    this.refusing = true;
    this.cut();
  }

  admit() {
    this.refusing = false;
  }

  /** Connections stay, but nothing comes to the clients any more. */
  hold() {
    this.held = true;
    for (const [, upstream] of this.pairs) upstream.pause();
  }

  release() {
    this.held = false;
    for (const [, upstream] of this.pairs) upstream.resume();
  }

  async close() {
    this.refuse();
    await new Promise((done) => this.server.close(done));
  }
}
