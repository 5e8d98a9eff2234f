import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AccessDecisionsController } from './access/access-decisions.controller.ts';
import { ReadersController } from './access/readers.controller.ts';
import { ProjectionsController } from './admin/projections.controller.ts';
import { AgreementsController } from './agreements/agreements.controller.ts';
import { AgreementVersionsController } from './agreements/versions.controller.ts';
import { AuditQueriesController } from './audit/audit-queries.controller.ts';
import { ChildMatchesController } from './children/child-matches.controller.ts';
import { ConsentsController } from './children/consents.controller.ts';
import { CohortsController } from './cohorts/cohorts.controller.ts';
import { AuthoritiesController } from './children/authorities.controller.ts';
import { DirectionsController } from './children/directions.controller.ts';
import { ObjectionsController } from './children/objections.controller.ts';
import { RelationshipClaimsController } from './children/relationship-claims.controller.ts';
import { SharingDecisionsController } from './children/sharing-decisions.controller.ts';
import {
  CORE,
  repeatSurely,
  lagSeconds,
  watchProjections,
  viewsCheck,
  type AppParts,
  type Composition,
  type Core,
} from '#nest-platform';
import { breakGlassBooks } from '#sharing';
import { BreakGlassGrantsController } from './break-glass/grants.controller.ts';
import { BreakGlassReviewsController } from './break-glass/reviews.controller.ts';
import { openProcesses } from './processes.ts';
import { DETECTIONS_STATE } from './detections/open-detections.ts';
import { ErasureWorks } from './erasure/carry-out.ts';
import { ErasureRequestsController } from './erasure/erasure-requests.controller.ts';
import { ErasuresController } from './erasure/erasures.controller.ts';
import { LegalHoldsController } from './legal-hold/legal-holds.controller.ts';
import { ProofController } from './proof/proof.controller.ts';
import { TilesController } from './proof/tiles.controller.ts';
import { RegistryController } from './registry/registry.controller.ts';
import { NoticesController } from './views/notices/notices.controller.ts';
import {
  AUDIT,
  BREAK_GLASS,
  BREAK_GLASS_BOOKS,
  ERASURE_WORKS,
  NOTICES,
  PACKS,
  REQUESTS,
  RETENTION,
  REVIEWS,
  SUBJECT_ACCESS,
  TIMELINE,
  USAGE,
} from './views/tokens.ts';
import { DetectionsController } from './reviews/detections.controller.ts';
import { QuestionsController } from './reviews/questions.controller.ts';
import { ReviewsController } from './reviews/reviews.controller.ts';
import { SamplingController } from './reviews/sampling.controller.ts';
import { RetentionDesk } from './retention/desk.ts';
import { RetentionController } from './retention/retention.controller.ts';
import { SubjectAccessDesk } from './subject-access/desk.ts';
import { PackMaker } from './subject-access/pack.ts';
import { SubjectAccessRequestsController } from './subject-access/subject-access-requests.controller.ts';
import { SubjectAccessQuestionsController } from './subject-access/subject-access-questions.controller.ts';
import { SubjectAccessStepsController } from './subject-access/subject-access-steps.controller.ts';
import { DeliveriesController } from './signals/deliveries.controller.ts';
import { openDelivery, type Signals } from './signals/delivery.ts';
import { SignalsController } from './signals/signals.controller.ts';
import { SubscriptionsController } from './signals/subscriptions.controller.ts';
import { SIGNALS } from './signals/tokens.ts';
import { TimelineController } from './views/timeline/timeline.controller.ts';
import { FindUsageController } from './views/usage/find-usage.controller.ts';
import { UsageController } from './views/usage/usage.controller.ts';
import { MATRIX, caseMatrix } from './workbench/matrix.ts';
import { SimulationsController } from './workbench/simulations.controller.ts';
import { Simulations } from './workbench/simulations.ts';
import { UsageReceiptController } from './views/usage/usage-receipt.controller.ts';
import { openViews, VIEWS, type Views } from './views/views.ts';

/** What works on more than one view or on none, made once. */
export interface Desks {
  readonly erasures: ErasureWorks;
  readonly retention: RetentionDesk;
  readonly subjectAccess: SubjectAccessDesk;
  readonly packs: PackMaker;
  readonly signals: Signals;
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
        AgreementsController,
        AgreementVersionsController,
        AccessDecisionsController,
        AuditQueriesController,
        AuthoritiesController,
        DirectionsController,
        ObjectionsController,
        RelationshipClaimsController,
        SharingDecisionsController,
        BreakGlassGrantsController,
        BreakGlassReviewsController,
        ChildMatchesController,
        CohortsController,
        ConsentsController,
        DetectionsController,
        ErasuresController,
        NoticesController,
        ErasureRequestsController,
        LegalHoldsController,
        ProjectionsController,
        ProofController,
        ReadersController,
        RegistryController,
        SignalsController,
        SubscriptionsController,
        DeliveriesController,
        SimulationsController,
        TilesController,
        // Before the cases, whose route would take `questions` for an id.
        QuestionsController,
        ReviewsController,
        SamplingController,
        RetentionController,
        SubjectAccessRequestsController,
        SubjectAccessQuestionsController,
        SubjectAccessStepsController,
        TimelineController,
        FindUsageController,
        UsageController,
        UsageReceiptController,
      ],
      providers: [
        { provide: VIEWS, useValue: views },
        { provide: TIMELINE, useValue: views.timeline },
        { provide: USAGE, useValue: views.usage },
        { provide: MATRIX, useFactory: caseMatrix },
        { provide: Simulations, useFactory: (core: Core) => new Simulations(core, views.usage), inject: [CORE] },
        { provide: AUDIT, useValue: views.audits },
        { provide: NOTICES, useValue: views.notices },
        { provide: BREAK_GLASS, useValue: views.breakGlass },
        { provide: BREAK_GLASS_BOOKS, useFactory: ({ log }: Core) => breakGlassBooks(log), inject: [CORE] },
        { provide: REVIEWS, useValue: views.reviews },
        { provide: DETECTIONS_STATE, useValue: views.detections },
        { provide: REQUESTS, useValue: views.requests },
        { provide: ERASURE_WORKS, useValue: desks.erasures },
        { provide: RETENTION, useValue: desks.retention },
        { provide: SUBJECT_ACCESS, useValue: desks.subjectAccess },
        { provide: PACKS, useValue: desks.packs },
        { provide: SIGNALS, useValue: desks.signals },
      ],
    };
  }
}

/** What the sharing protocol opens before its module can be made; whoever composes it closes it. */
export async function sharingProtocolParts(
  ...[opened, config, logger, metrics]: Parameters<Composition['parts']>
): Promise<Pick<AppParts, 'resources' | 'checks'> & { readonly views: Views; readonly desks: Desks }> {
  const alarm = (what: string, error: unknown): void => {
    metrics.count('tellonce_alarms_total', { what });
    logger.error({ event: 'alarm', what, err: error }, 'alarm');
  };
  const { varDir, auditRowsADay } = config;
  const views = await openViews(opened.core, { where: opened.views, varDir, alarm, auditRowsADay });
  watchProjections(metrics, views.all, opened.core);
  const lags = () => Promise.all(views.all.map((view) => lagSeconds(opened.core.log, view, opened.core.clock)));
  const { core, identity } = opened;
  const processes = openProcesses(core, breakGlassBooks(core.log), opened.readers);
  core.addEraser({
    name: 'notices',
    erase: async (record) => {
      const child = await identity.childOf(record);
      // Its family is told of what others keep, as long as anybody keeps anything.
      if (child === undefined || (await core.recordsOf(child)).some(({ recordId }) => recordId !== record)) return 0;
      return views.notices.eraseRows(child);
    },
  });
  const retention = new RetentionDesk(core, views.timeline);
  const delivery = await openDelivery(opened, { config, logger, metrics, alarm });
  const desks: Desks = {
    erasures: new ErasureWorks({ core, ...views }),
    retention,
    subjectAccess: new SubjectAccessDesk(core, views.requests),
    packs: new PackMaker(core, views.timeline, views.usage, retention),
    signals: delivery.signals,
  };
  core.addEraser({
    name: 'subject-access',
    erase: async () => 0,
    eraseChild: (child) => desks.subjectAccess.eraseChild(child),
  });
  const resumed = repeatSurely('erasures', () => desks.erasures.resume('erasures-resumed'), alarm, MINUTE);
  const stop = async (): Promise<void> => {
    for (const process of processes) await process.stop();
  };
  return {
    views,
    desks,
    checks: [viewsCheck(lags, config.readyLagSeconds)],
    resources: [
      { name: 'delivery', close: () => delivery.close() },
      { name: 'erasures', close: () => resumed.stop() },
      { name: 'processes', close: stop },
      { name: 'views', close: () => views.close() },
    ],
  };
}

export { VIEWS, type Views };
