import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ALL_FACTS, type StoredRecord } from '#contracts';
import { POLICY_RELEASE } from '#sharing';
import { Access } from '../guard/access.ts';
import { PLATFORM } from '../http/platform.ts';
import type { Platform } from '../http/platform.ts';

/** What runs; what anybody could read in the source, and nothing of where or with what. */
export interface Info {
  readonly version: string;
  /** The commit that was built; `source` where none is known. */
  readonly sha: string;
  readonly schemas: {
    /** Of the stored record. */
    readonly record: number;
    /** The fact types that may be stated, each with its version. */
    readonly facts: readonly string[];
  };
  readonly policy: {
    /** The release of the rules; agreements change at run time and have versions of their own. */
    readonly release: string;
  };
}

const RECORD_FORMAT: StoredRecord['format'] = 1;

/** Tells what runs, for whoever connects or reports a fault. */
@ApiTags('operation')
@Controller('info')
@Access({ roles: 'anyone', purpose: 'none' })
export class InfoController {
  readonly #platform: Platform;

  constructor(@Inject(PLATFORM) platform: Platform) {
    this.#platform = platform;
  }

  @Get()
  @ApiOperation({ summary: 'What runs: version, commit, versions of schemas and of the policy' })
  read(): Info {
    const { version, sha } = this.#platform.metrics.build;
    return {
      version,
      sha,
      schemas: { record: RECORD_FORMAT, facts: ALL_FACTS.map(({ type }) => type).sort() },
      policy: { release: POLICY_RELEASE },
    };
  }
}
