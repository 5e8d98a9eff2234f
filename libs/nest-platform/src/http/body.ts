import { Readable, Transform } from 'node:stream';
import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problem/problem.ts';
import { parseStrictJson, type JsonRefusal } from '#kernel';

/** No body of ours nests deeper. */
const MAX_DEPTH = 32;

/** A body that is not JSON: the bytes as they come, in constant memory, cut off with 413 beyond the upload limit. */
export interface UploadedBody {
  /** Lower case, without parameters: `text/csv`. Empty where none was sent. */
  readonly mediaType: string;
  readonly stream: Readable;
}

/** `@BodyStream() body: UploadedBody` in a handler that takes files or signed bytes; JSON bodies are 415 there. */
export const BodyStream = createParamDecorator((_: unknown, context: ExecutionContext): UploadedBody => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  if (!(request.body instanceof Readable)) throw unsupportedMediaType();
  return { mediaType: mediaTypeOf(request), stream: request.body };
});

/** The answer to a media type that a handler does not take. */
export function unsupportedMediaType(): Problem {
  return new Problem({ status: 415, code: 'CALLER_MEDIA_TYPE_UNSUPPORTED', title: 'The media type is not taken here' });
}

/** Collects a stream that must be read whole (a signed document); 413 beyond `maxBytes`. */
export async function readDocument(stream: Readable, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}

/** `application/json` is read strictly; every other media type reaches the handler as a stream, `application/cloudevents-batch+json` included. */
export function registerBodyParsers(fastify: FastifyInstance, jsonLimitBytes: number, uploadLimitBytes: number): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: jsonLimitBytes },
    (_request, body, done) => {
      const json = parseStrictJson(body, { maxBytes: jsonLimitBytes, maxDepth: MAX_DEPTH });
      if (json.ok) done(null, json.value);
      else done(malformed(json.error.code));
    },
  );
  fastify.addContentTypeParser('*', { bodyLimit: uploadLimitBytes }, (request, payload, done) => {
    if (Number(request.headers['content-length'] ?? 0) > uploadLimitBytes) {
      done(tooLarge());
      return;
    }
    done(null, limited(payload, uploadLimitBytes));
  });
}

/** A problem that Fastify hands on untouched: it needs a status to be taken for an answer. */
function malformed(code: JsonRefusal['code']): Problem {
  return new Problem({
    status: 400,
    code: 'CALLER_REQUEST_MALFORMED',
    title: 'The request cannot be read',
    errors: [{ code, pointer: '' }],
  });
}

function tooLarge(): Problem {
  return new Problem({ status: 413, code: 'CALLER_BODY_TOO_LARGE', title: 'The body is too large' });
}

function limited(payload: NodeJS.ReadableStream, maxBytes: number): Readable {
  let size = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      size += chunk.length;
      if (size > maxBytes) next(tooLarge());
      else next(null, chunk);
    },
  });
  payload.once('error', (error: Error) => counter.destroy(error));
  // A handler may answer without reading to the end; the error then has no listener and must not end the process.
  counter.on('error', () => payload.unpipe(counter));
  return payload.pipe(counter);
}

function mediaTypeOf(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
