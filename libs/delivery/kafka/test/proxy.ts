import { connect, createServer, type Socket } from 'node:net';

/** Between a client and its broker, on loopback. */
export interface Proxy {
  readonly port: number;
  /** From now on the broker hears everything and none of its answers arrive; or as before, on new connections. */
  mute(muted: boolean): void;
  close(): Promise<void>;
}

/** Forwards a free port to another one. */
export async function proxyTo(target: number): Promise<Proxy> {
  let muted = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1');
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => broker.end());
    broker.on('close', () => client.end());
    client.on('data', (bytes) => broker.write(bytes));
    broker.on('data', (bytes) => {
      if (!muted) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mute: (given) => {
      muted = given;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
