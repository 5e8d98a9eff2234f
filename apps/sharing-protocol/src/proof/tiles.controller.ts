import { Controller, Get, Header, Inject, Param, StreamableFile } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { Access, CORE, notFound, type Core } from '#nest-platform';
import { readTilePath } from './tile-path.ts';

/**
 * The tree as C2SP tlog-tiles, `/v1/tlog` being the prefix: hashes of 32 bytes, to those with whom a head may be left. Entry bundles are not
 * served: the entries are the log itself, and cipher text of children stays in the hub; who holds an event of their own holds its bytes. The
 * index of a tile has as many path elements as it has groups of three digits, and a part of a tile one more; a billion tiles have room.
 */
@Controller('v1/tlog')
@Access({ roles: ['data-protection-officer', 'system-administrator', 'organisation-system'], purpose: 'none' })
export class TilesController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'The latest signed checkpoint, under the prefix of the tiles' })
  @Get('checkpoint')
  @Header('content-type', 'text/plain; charset=utf-8')
  async checkpoint(): Promise<string> {
    const checkpoint = await this.#core.proof.checkpoint();
    if (checkpoint === undefined) throw notFound();
    return checkpoint;
  }

  @ApiOperation({ summary: 'A tile of hashes: its level, and its index in one group of digits' })
  @Get('tile/:level/:a')
  @Header('cache-control', 'private, max-age=31536000, immutable')
  one(@Param('level') level: string, @Param('a') a: string): Promise<StreamableFile> {
    return this.#tile(level, a);
  }

  @ApiOperation({ summary: 'A tile of hashes whose index has two groups, or part of one with one' })
  @Get('tile/:level/:a/:b')
  @Header('cache-control', 'private, max-age=31536000, immutable')
  two(@Param('level') level: string, @Param('a') a: string, @Param('b') b: string): Promise<StreamableFile> {
    return this.#tile(level, a, b);
  }

  @ApiOperation({ summary: 'A tile of hashes whose index has three groups, or part of one with two' })
  @Get('tile/:level/:a/:b/:c')
  @Header('cache-control', 'private, max-age=31536000, immutable')
  three(
    @Param('level') level: string,
    @Param('a') a: string,
    @Param('b') b: string,
    @Param('c') c: string,
  ): Promise<StreamableFile> {
    return this.#tile(level, a, b, c);
  }

  @ApiOperation({ summary: 'Part of a tile of hashes whose index has three groups' })
  @Get('tile/:level/:a/:b/:c/:d')
  @Header('cache-control', 'private, max-age=31536000, immutable')
  four(
    @Param('level') level: string,
    @Param('a') a: string,
    @Param('b') b: string,
    @Param('c') c: string,
    @Param('d') d: string,
  ): Promise<StreamableFile> {
    return this.#tile(level, a, b, c, d);
  }

  async #tile(level: string, ...parts: readonly string[]): Promise<StreamableFile> {
    const place = readTilePath(level, parts.join('/'));
    const hashes = place === undefined ? undefined : await this.#core.proof.tile(place.level, place.n, place.width);
    if (hashes === undefined) throw notFound();
    return new StreamableFile(hashes, { type: 'application/octet-stream' });
  }
}
