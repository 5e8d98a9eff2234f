import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from './route.ts';

/** An app that says its name and what it was given. */
export async function echo(app: App): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      response.setHeader('x-app', app);
      response.setHeader('x-seen', JSON.stringify(request.headers));
      response.end(JSON.stringify({ app, url: request.url, bytes: Buffer.concat(pieces).length }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}
