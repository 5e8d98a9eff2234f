import { PURPOSE_OF_USE, type ExportEnd, type Purpose } from '#contracts';
import type { AuditRow } from './row.ts';
import type { ExportMark } from './mark.ts';

/** Shapes of FHIR R4 as far as they are written here (http://hl7.org/fhir/R4/auditevent.html). */
interface Coding {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}
interface CodeableConcept {
  readonly coding: readonly Coding[];
  readonly text?: string;
}
interface Reference {
  readonly type?: string;
  readonly identifier?: { readonly system: string; readonly value: string };
  readonly display?: string;
}
interface Detail {
  readonly type: string;
  readonly valueString: string;
}
interface Agent {
  readonly type: CodeableConcept;
  readonly role?: readonly CodeableConcept[];
  readonly who: Reference;
  readonly requestor: boolean;
  readonly network?: { readonly address: string; readonly type: '5' };
  readonly purposeOfUse?: readonly CodeableConcept[];
}
interface Entity {
  readonly what?: Reference;
  readonly type: Coding;
  readonly role?: Coding;
  readonly query?: string;
  readonly detail?: readonly Detail[];
}
/** FHIR R4 AuditEvent. */
export interface AuditEvent {
  readonly resourceType: 'AuditEvent';
  readonly id: string;
  readonly meta: { readonly profile?: readonly string[]; readonly tag: readonly Coding[] };
  readonly type: Coding;
  readonly subtype?: readonly Coding[];
  readonly action: 'R' | 'E';
  readonly recorded: string;
  readonly outcome: '0' | '4' | '8';
  readonly outcomeDesc?: string;
  readonly agent: readonly Agent[];
  readonly source: { readonly site: string; readonly observer: Reference; readonly type: readonly Coding[] };
  readonly entity: readonly Entity[];
}

const PROFILE = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';
const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const HL7 = 'http://terminology.hl7.org/CodeSystem/';
const HUB: Reference = { identifier: { system: 'urn:tellonce:organisation', value: 'hub' }, display: 'Tellonce' };
const NOT_TOLD: Reference = { display: 'not told to this organisation' };

/**
 * A decision as an IHE BALP 1.1 AuditEvent: what was disclosed as PatientRead, PatientQuery or, without a child, Read or Query; what was
 * refused or aborted as AuthZconsent. A refusal before any child was asked about fits no profile of theirs, so it claims none.
 */
export function auditEvent(row: AuditRow, mark: ExportMark): AuditEvent {
  const base = { resourceType: 'AuditEvent', id: row.decision, recorded: row.time } as const;
  const tag = tagsOf(mark);
  if (row.effect !== 'permit') {
    const outcome = { outcome: row.effect === 'aborted' ? '4' : '8', outcomeDesc: whyOf(row) } as const;
    return {
      ...base,
      meta: row.child === null ? { tag } : { profile: [`${PROFILE}AuthZconsent`], tag },
      type: { system: DCM, code: '110113', display: 'Security Alert' },
      subtype: [
        {
          system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType',
          code: row.child === null ? 'AuthZ-Role' : 'AuthZ-Consent',
        },
      ],
      action: 'E',
      ...outcome,
      agent: [clientOf(row, '110150', 'Application'), userOf(row), organisationOf(row), AUTHORISER],
      source: { site: 'tellonce', observer: HUB, type: [{ system: `${HL7}security-source-type`, code: '6' }] },
      entity: row.child === null ? [decisionOf(row)] : [patientOf(row.child), ...consentsOf(row, row.child)],
    };
  }
  const one = /^GET .*\/:[A-Za-z]+$/.test(row.route);
  // DICOM names source and destination by where the question goes in a query, by where the data goes in a read; BALP follows.
  const [client, server] = one ? (['110152', '110153'] as const) : (['110153', '110152'] as const);
  return {
    ...base,
    meta: { profile: [`${PROFILE}${row.child === null ? '' : 'Patient'}${one ? 'Read' : 'Query'}`], tag },
    type: { system: `${HL7}audit-event-type`, code: 'rest', display: 'Restful Operation' },
    subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: one ? 'read' : 'search' }],
    action: one ? 'R' : 'E',
    outcome: '0',
    agent: [
      clientOf(row, client, client === '110152' ? 'Destination Role ID' : 'Source Role ID'),
      {
        type: concept(DCM, server, server === '110152' ? 'Destination Role ID' : 'Source Role ID'),
        who: HUB,
        requestor: false,
        network: { address: 'urn:tellonce:hub', type: '5' },
      },
      userOf(row),
      organisationOf(row),
    ],
    source: { site: 'tellonce', observer: HUB, type: [{ system: `${HL7}security-source-type`, code: '4' }] },
    entity: [
      ...(row.child === null ? [] : [patientOf(row.child)]),
      one ? dataOf(row) : queryOf(row),
      ...(row.request === null ? [] : [transactionOf(row.request)]),
      decisionOf(row),
    ],
  };
}

/** The export itself, as the last event of the file: DICOM 110106, with how many there are and how it ended. */
export function exportEvent(mark: ExportMark, rows: number, ended: ExportEnd): AuditEvent {
  return {
    resourceType: 'AuditEvent',
    id: mark.export,
    meta: { tag: tagsOf(mark) },
    type: { system: DCM, code: '110106', display: 'Export' },
    action: 'R',
    recorded: mark.at,
    outcome: ended === 'complete' ? '0' : '4',
    ...(ended === 'complete' ? {} : { outcomeDesc: `truncated: ${ended}` }),
    agent: [
      {
        type: concept(`${HL7}v3-ParticipationType`, 'IRCP', 'information recipient'),
        who: person(mark.sub),
        requestor: true,
        purposeOfUse: [purposeOf('audit')],
      },
    ],
    source: { site: 'tellonce', observer: HUB, type: [{ system: `${HL7}security-source-type`, code: '4' }] },
    entity: [
      {
        what: { identifier: { system: 'urn:tellonce:audit-query', value: mark.query } },
        type: { system: `${HL7}audit-entity-type`, code: '2' },
        role: { system: `${HL7}object-role`, code: '3' },
        detail: [detail('rows', rows), detail('ended', ended)],
      },
    ],
  };
}

const AUTHORISER: Agent = {
  type: concept(`${HL7}extra-security-role-type`, 'authserver', 'authorization server'),
  who: HUB,
  requestor: false,
};

function whyOf({ effect, reasons }: AuditRow): string {
  if (effect === 'aborted') return 'What the decision rested on changed before the answer; nothing was disclosed.';
  return reasons.map(({ words }) => words).join(' ');
}

function tagsOf(mark: ExportMark): readonly Coding[] {
  return [
    { system: 'urn:tellonce:export', code: mark.export },
    { system: 'urn:tellonce:exported-to', code: mark.sub },
  ];
}

function clientOf({ client }: AuditRow, code: string, display: string): Agent {
  return {
    type: concept(DCM, code, display),
    who: client === null ? NOT_TOLD : { identifier: { system: 'urn:tellonce:client', value: client } },
    requestor: false,
    // The look keeps which client it was, not from which address: that is in no event.
    network: { address: client === null ? 'urn:tellonce:client' : `urn:tellonce:client:${client}`, type: '5' },
  };
}

function userOf({ user, role, purpose }: AuditRow): Agent {
  return {
    type: concept(`${HL7}v3-ParticipationType`, 'IRCP', 'information recipient'),
    who: user === null ? NOT_TOLD : person(user),
    requestor: true,
    role: [concept('urn:tellonce:role', role)],
    purposeOfUse: [purposeOf(purpose as Purpose)],
  };
}

function organisationOf({ organisation }: AuditRow): Agent {
  return {
    type: concept(`${HL7}v3-RoleClass`, 'PROV', 'healthcare provider'),
    who: { type: 'Organization', identifier: { system: 'urn:tellonce:organisation', value: organisation } },
    requestor: false,
  };
}

function patientOf(child: string): Entity {
  return {
    what: { type: 'Patient', identifier: { system: 'urn:tellonce:child', value: child } },
    type: { system: `${HL7}audit-entity-type`, code: '1', display: 'Person' },
    role: { system: `${HL7}object-role`, code: '1', display: 'Patient' },
  };
}

/** What the refusal was decided on: the child's consents and restrictions as they stood. */
function consentsOf(row: AuditRow, child: string): readonly Entity[] {
  const read = row.protection.length === 0 ? [{ child, revision: null }] : row.protection;
  return read.map((each, at) => ({
    what: {
      type: 'Consent',
      identifier: {
        system: 'urn:tellonce:protection',
        value: each.revision === null ? each.child : `${each.child}@${String(each.revision)}`,
      },
    },
    type: { system: 'http://hl7.org/fhir/resource-types', code: 'Consent' },
    ...(at === 0 ? { detail: detailsOf(row) } : {}),
  }));
}

function queryOf({ route }: AuditRow): Entity {
  return {
    type: { system: `${HL7}audit-entity-type`, code: '2', display: 'System Object' },
    role: { system: `${HL7}object-role`, code: '24', display: 'Query' },
    // The pattern: a look keeps no text of a request.
    query: Buffer.from(route).toString('base64'),
  };
}

function dataOf({ route }: AuditRow): Entity {
  return {
    what: { identifier: { system: 'urn:tellonce:route', value: route } },
    type: { system: `${HL7}audit-entity-type`, code: '2', display: 'System Object' },
    role: { system: `${HL7}object-role`, code: '4', display: 'Domain Resource' },
  };
}

function transactionOf(request: string): Entity {
  return {
    what: { identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${request}` } },
    type: { system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType', code: 'XrequestId' },
  };
}

function decisionOf(row: AuditRow): Entity {
  return {
    what: { identifier: { system: 'urn:tellonce:decision', value: row.decision } },
    type: { system: 'urn:tellonce:entity', code: 'decision' },
    detail: detailsOf(row),
  };
}

function detailsOf(row: AuditRow): readonly Detail[] {
  return [
    detail('event', row.event),
    detail('policy', row.policy),
    detail('registry-revision', row.registryRevision),
    ...row.protection.map(({ child, revision }) => detail('protection-revision', `${child}@${String(revision)}`)),
    ...row.slices.map((slice) => detail('slice', sliceText(slice))),
    ...row.reasons.map(({ reason }) => detail('reason', reason)),
    ...(row.facts === null ? [] : [detail('facts', row.facts)]),
    ...(row.relationship === null ? [] : [detail('relationship', row.relationship.kind)]),
    ...(row.breakGlass === null ? [] : [detail('break-glass', row.breakGlass)]),
    ...row.obligations.map((obligation) => detail('obligation', obligation)),
    ...(row.alarm ? [detail('alarm', 'true')] : []),
    ...(row.detail === null ? [] : [detail('purpose-detail', row.detail)]),
  ];
}

/** `source category rule agreement@version consent mode`, what is missing left out. */
export function sliceText(slice: AuditRow['slices'][number]): string {
  const { organisation, category, rule, agreement, version, consent, mode } = slice;
  const agreed = agreement === undefined ? [] : [`agreement ${agreement}@${String(version)}`];
  const consented = consent === undefined ? [] : [`consent ${consent}`];
  return [organisation, category, rule, ...agreed, ...consented, ...(mode === undefined ? [] : [mode])].join(' ');
}

function purposeOf(purpose: Purpose): CodeableConcept {
  return { coding: [{ system: `${HL7}v3-ActReason`, code: PURPOSE_OF_USE[purpose] }], text: purpose };
}

function person(sub: string): Reference {
  return { type: 'Practitioner', identifier: { system: 'urn:tellonce:person', value: sub } };
}

function concept(system: string, code: string, display?: string): CodeableConcept {
  return { coding: [{ system, code, ...(display === undefined ? {} : { display }) }] };
}

function detail(type: string, value: string | number): Detail {
  return { type, valueString: String(value) };
}
