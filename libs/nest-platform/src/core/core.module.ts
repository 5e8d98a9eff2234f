import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Receipts } from '../submissions/receipt.ts';
import { CLOCK, PUBLISHER, QUARANTINE_DESK, RECEIPTS, type QuarantineDesk } from '../submissions/tokens.ts';
import { CORE } from './core.ts';
import type { OpenedCore } from './open-core.ts';

/** Hands the opened parts to every module of the process. */
@Module({})
export class CoreModule {
  static of(opened: OpenedCore, receipts: Receipts, desk: QuarantineDesk): DynamicModule {
    const values = [
      [CORE, opened.core],
      [PUBLISHER, opened.publishing],
      [RECEIPTS, receipts],
      [QUARANTINE_DESK, desk],
      [CLOCK, opened.core.clock],
    ] as const;
    const providers = values.map(([provide, useValue]) => ({ provide, useValue }));
    return { module: CoreModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
