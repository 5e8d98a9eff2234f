import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { repeatSurely, type AppParts, type Composition } from '#nest-platform';
import { ProjectionsController } from './admin/projections.controller.ts';
import { ChildMatchesController } from './children/child-matches.controller.ts';
import { ConsentsController } from './children/consents.controller.ts';
import { ErasureWorks } from './erasure/carry-out.ts';
import { ErasureRequestsController } from './erasure/erasure-requests.controller.ts';
import { ErasuresController } from './erasure/erasures.controller.ts';
import { LegalHoldsController } from './legal-hold/legal-holds.controller.ts';
import { ProofController } from './proof/proof.controller.ts';
import { RegistryController } from './registry/registry.controller.ts';
import { RetentionDesk } from './retention/desk.ts';
import { RetentionController } from './retention/retention.controller.ts';
import { SubjectAccessDesk } from './subject-access/desk.ts';
import { PackMaker } from './subject-access/pack.ts';
import { SubjectAccessRequestsController } from './subject-access/subject-access-requests.controller.ts';
import { SubjectAccessStepsController } from './subject-access/subject-access-steps.controller.ts';
import { TimelineController } from './views/timeline/timeline.controller.ts';
import { ERASURE_WORKS, PACKS, REQUESTS, RETENTION, SUBJECT_ACCESS, TIMELINE, USAGE } from './views/tokens.ts';
import { UsageController } from './views/usage/usage.controller.ts';
import { openViews, VIEWS, type Views } from './views/views.ts';

/** What works on more than one view, made once. */
export interface Desks {
  readonly erasures: ErasureWorks;
  readonly retention: RetentionDesk;
  readonly subjectAccess: SubjectAccessDesk;
  readonly packs: PackMaker;
}

/** How often an erasure that a store failed on is tried again. */
const MINUTE = 60_000;

/** Who may see what for which purpose, and the proof of every look. */
@Module({})
export class SharingProtocolModule {
  static of(views: Views, desks: Desks): DynamicModule {
    return {
      module: SharingProtocolModule,
      controllers: [
        ChildMatchesController,
        ConsentsController,
        ErasureRequestsController,
        ErasuresController,
        LegalHoldsController,
        ProjectionsController,
        ProofController,
        RegistryController,
        RetentionController,
        SubjectAccessRequestsController,
        SubjectAccessStepsController,
        TimelineController,
        UsageController,
      ],
      providers: [
        { provide: VIEWS, useValue: views },
        { provide: TIMELINE, useValue: views.timeline },
        { provide: USAGE, useValue: views.usage },
        { provide: REQUESTS, useValue: views.requests },
        { provide: ERASURE_WORKS, useValue: desks.erasures },
        { provide: RETENTION, useValue: desks.retention },
        { provide: SUBJECT_ACCESS, useValue: desks.subjectAccess },
        { provide: PACKS, useValue: desks.packs },
      ],
    };
  }
}

/** What the sharing protocol opens before its module can be made; whoever composes it closes it. */
export async function sharingProtocolParts(
  ...[opened, config, logger]: Parameters<Composition['parts']>
): Promise<{ readonly views: Views; readonly desks: Desks; readonly resources: AppParts['resources'] }> {
  const alarm = (what: string, error: unknown): void => logger.error({ event: 'alarm', what, err: error }, 'alarm');
  const views = await openViews(opened.core, config.varDir, alarm, () => performance.now());
  const { core } = opened;
  const retention = new RetentionDesk(core, views.timeline);
  const desks: Desks = {
    erasures: new ErasureWorks({ core, ...views }),
    retention,
    subjectAccess: new SubjectAccessDesk(core, views.requests),
    packs: new PackMaker(core, views.timeline, views.usage, retention),
  };
  core.addEraser({
    name: 'subject-access',
    erase: async () => 0,
    eraseChild: (child) => desks.subjectAccess.eraseChild(child),
  });
  const resumed = repeatSurely('erasures', () => desks.erasures.resume('erasures-resumed'), alarm, MINUTE);
  return {
    views,
    desks,
    resources: [
      { name: 'erasures', close: () => resumed.stop() },
      { name: 'views', close: () => views.close() },
    ],
  };
}

export { VIEWS, type Views };
