import type { ChildId } from '#kernel';
import type { LookEvent, NoticeEvent } from '#contracts';
import { decodeRecord } from '#contracts';
import type { LoggedEvent } from '#event-log';
import { followSurely, type Core } from '#nest-platform';
import { openView, runView, whenThere, type Soon, type View, type ViewDefinition, type ViewPlace } from '#projections';
import { openLook, openNotice } from '#sharing';
import { grantProcess, type Vault } from '#vault';
import { AuditDesk } from '../audit/desk.ts';
import { AUDIT_LIMITS } from '../audit/handing.ts';
import { auditView } from './audit/projection.ts';
import { breakGlassView } from './break-glass/projection.ts';
import { noticesView } from './notices/projection.ts';
import { openDetections, type Detections } from '../detections/open-detections.ts';
import { reviewsView } from './reviews/projection.ts';
import { timelineView } from './timeline/projection.ts';
import { requestsView } from './requests/projection.ts';
import { usageView } from './usage/projection.ts';

/** Injection token of the opened {@link Views}. */
export const VIEWS = Symbol('VIEWS');

/** The views of the sharing protocol, each followed by its one projector. */
export interface Views {
  readonly timeline: View;
  readonly usage: View;
  /** Where decisions are asked for; over a view of its own. */
  readonly audits: AuditDesk;
  readonly notices: View;
  readonly breakGlass: View;
  readonly reviews: View;
  /** What the looks are searched for, read beside the views. */
  readonly detections: Detections;
  readonly requests: View;
  /** Every view, as numbers and probes read them. */
  readonly all: readonly View[];
  status(): Promise<readonly Awaited<ReturnType<View['status']>>[]>;
  /** Asks the view's projector, in whichever process it runs. */
  startRebuild(name: string): Promise<'started' | 'running' | 'unknown'>;
  /** Stops every projector; for tests of what must hold without them. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What the views are opened with. */
export interface ViewsOptions {
  readonly where: ViewPlace;
  /** Where the detections keep their own file. */
  readonly varDir: string;
  readonly alarm: (what: string, error: unknown) => void;
  readonly auditRowsADay?: number;
}

/** Opens the views beside the log and lets them follow it; erasing a record reaches them through the core. */
export async function openViews(core: Core, { where, varDir, alarm, auditRowsADay }: ViewsOptions): Promise<Views> {
  const { log, vault } = core;
  const keyAlive = async (keyId: string): Promise<boolean> => {
    // One question for a whole batch: another process may have erased what is in memory here.
    await vault.refresh();
    return (await vault.describe(keyId)) !== undefined;
  };
  const context = { keyAlive };
  const isKept = (child: string): Soon<boolean> =>
    whenThere(core.recordsOf(child as ChildId), ({ length }) => length > 0);
  const { usage, audit, notices: told } = sealedViews(vault, isKept);
  const open = (definition: ViewDefinition): Promise<View> => openView({ definition, where, log, context });
  const timeline = await open(timelineView);
  const looks = await open(usage);
  const decisions = await open(audit);
  const notices = await open(told);
  const breakGlass = await open(breakGlassView);
  const reviews = await open(reviewsView);
  const requests = await open(requestsView);
  const all = [timeline, looks, decisions, notices, breakGlass, reviews, requests];
  const limits = { ...AUDIT_LIMITS, ...(auditRowsADay === undefined ? {} : { rowsADay: auditRowsADay }) };
  const audits = new AuditDesk({ core, view: decisions, limits, alarm });
  const followers = all.map((view) => {
    const onRebuildFailed = (error: unknown): void => alarm(`rebuild-${view.name}`, error);
    return followSurely(`view-${view.name}`, (signal) => runView(view, { signal, onRebuildFailed }), alarm);
  });
  core.addEraser({ name: 'timeline', erase: async (record) => timeline.eraseRows(record) });
  const detections = openDetections(core, varDir, alarm);
  const stop = async (): Promise<void> => {
    for (const follower of followers) await follower.stop();
    await detections.stop();
  };
  return {
    timeline,
    usage: looks,
    audits,
    notices,
    breakGlass,
    reviews,
    detections,
    requests,
    all,
    status: () => Promise.all(all.map((view) => view.status())),
    startRebuild: async (name) => {
      const view = all.find((each) => each.name === name);
      if (view === undefined) return 'unknown';
      return (await view.askRebuild()) ? 'started' : 'running';
    },
    stop,
    close: async () => {
      await audits.close();
      await stop();
      detections.close();
      for (const view of all) await view.close();
    },
  };
}

/** The views that need no key: what is in them stands in the clear in the log. */
export const CLEAR_VIEWS: readonly ViewDefinition[] = [timelineView, breakGlassView, reviewsView, requestsView];

/** The views that open what they read, under grants of their own. `isKept`: whether the hub still holds records of a child. */
export function sealedViews(vault: Vault, isKept: (child: string) => Soon<boolean>) {
  return {
    usage: usageView({
      openLook: (event) => lookIn(vault, event, 'usage'),
      childHash: (child) => vault.lookupHash('usage-child', child),
    }),
    audit: auditView({
      openLook: (event) => lookIn(vault, event, 'audit'),
      childHash: (child) => vault.lookupHash('audit-child', child),
      userHash: (sub) => vault.lookupHash('audit-user', sub),
    }),
    notices: noticesView({
      openNotice: (event) => noticeIn(vault, event),
      childHash: (child) => vault.lookupHash('notice-child', child),
      personHash: (organisation, person) => vault.lookupHash('notice-person', `${organisation} ${person}`),
      isKept,
    }),
  } as const;
}

async function lookIn(vault: Vault, event: LoggedEvent, process: string) {
  const record = decodeRecord(event.data) as unknown as LookEvent;
  if (record.type !== 'look.recorded.v1') return null;
  const { decision, sealed } = record.data;
  return whenThere(openLook(vault, grantProcess(process), decision, record.by, sealed), (look) => look ?? null);
}

async function noticeIn(vault: Vault, event: LoggedEvent) {
  const { data } = decodeRecord(event.data) as unknown as NoticeEvent;
  return whenThere(openNotice(vault, grantProcess('notices'), data.notice, data.sealed), (notice) => notice ?? null);
}
