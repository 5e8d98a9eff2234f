import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request body read to its end: its hash is known before the first item is used, and it can be read from the start. */
export interface Spooled {
  /** SHA-256, hex. */
  readonly hash: string;
  readonly bytes: number;
  read(): AsyncIterable<Uint8Array>;
  dispose(): Promise<void>;
}

/** The body is larger than its format allows. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

const IN_MEMORY = 4 * 1024 * 1024;
const PIECE = 65_536;

/**
 * Reads a body in constant memory. What exceeds 4 MiB goes to a temporary file that is never readable: encrypted under a key that only this
 * process holds, and unlinked as soon as it is open. Rejects with {@link BodyTooLarge} past `maxBytes`.
 */
export async function spool(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Spooled> {
  const hash = createHash('sha256');
  const head: Uint8Array[] = [];
  let bytes = 0;
  let file: EncryptedFile | undefined;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new BodyTooLarge('body too large');
      hash.update(chunk);
      if (file === undefined && bytes > IN_MEMORY) {
        file = await encryptedFile();
        for (const piece of head.splice(0)) await file.write(piece);
      }
      if (file === undefined) head.push(chunk);
      else await file.write(chunk);
    }
  } catch (error) {
    await file?.close();
    throw error;
  }
  const kept = file;
  return {
    hash: hash.digest('hex'),
    bytes,
    read: () => (kept === undefined ? fromMemory(head) : kept.read()),
    dispose: async () => {
      head.length = 0;
      await kept?.close();
    },
  };
}

async function* fromMemory(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

interface EncryptedFile {
  write(piece: Uint8Array): Promise<void>;
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

async function encryptedFile(): Promise<EncryptedFile> {
  const key = randomBytes(32);
  const counter = randomBytes(16);
  const path = join(tmpdir(), `tellonce-body-${randomBytes(12).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  const cipher = createCipheriv('aes-256-ctr', key, counter);
  return {
    write: async (piece) => {
      await file.appendFile(cipher.update(piece));
    },
    read: () => decrypted(file, key, counter),
    close: () => file.close(),
  };
}

async function* decrypted(file: FileHandle, key: Uint8Array, counter: Uint8Array): AsyncGenerator<Uint8Array> {
  const decipher = createDecipheriv('aes-256-ctr', key, counter);
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield decipher.update(buffer.subarray(0, bytesRead));
  }
}
