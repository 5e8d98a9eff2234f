import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUuid } from './ids.ts';
import {
  correlationIdOf,
  newTraceId,
  readTrace,
  readTraceState,
  strangerTraceparent,
  traceIdOf,
  traceparentOf,
} from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${String(length)}}$`));
const traceIds = hex(32).filter((id) => /[1-9a-f]/.test(id) && /[a-f]/.test(id));
const spans = hex(16).filter((id) => /[1-9a-f]/.test(id));
const flags = hex(2);
const laterVersions = hex(2).filter((version) => version !== '00' && version !== 'ff');

describe('traceparent', () => {
  it('is read as the recommendation’s example', () => {
    expect(readTrace(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, sampled: true });
    expect(readTrace(`00-${TRACE}-${SPAN}-00`)).toEqual({ traceId: TRACE, sampled: false });
  });

  it.each([
    ['nothing', undefined],
    ['two headers', [`00-${TRACE}-${SPAN}-01`]],
    ['two headers, joined', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['upper case in the version', `0A-${TRACE}-${SPAN}-01`],
    ['one digit too few', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['one digit too many', `00-${TRACE}0-${SPAN}-01`],
    ['a field more in version 00', `00-${TRACE}-${SPAN}-01-x`],
    ['a hyphen more in version 00', `00-${TRACE}-${SPAN}-01-`],
    ['a field that touches the flags', `01-${TRACE}-${SPAN}-01x`],
    ['spaces', ` 00-${TRACE}-${SPAN}-01`],
    ['a line more', `00-${TRACE}-${SPAN}-01\n`],
    ['a number of a person, padded', `00-00000000000000000000009434765919-${SPAN}-01`],
  ])('%s: no trace of the caller’s', (_name, header) => {
    expect(readTrace(header, 'a=1')).toBeUndefined();
  });

  it('of any later version keeps its first four fields, whatever follows a hyphen', () => {
    fc.assert(
      fc.property(laterVersions, traceIds, spans, flags, fc.option(fc.stringMatching(/^-[!-~]*$/)), (...given) => {
        const [version, traceId, span, flag, rest] = given;
        const read = readTrace(`${version}-${traceId}-${span}-${flag}${rest ?? ''}`);
        expect(read).toEqual({ traceId, sampled: (Number.parseInt(flag, 16) & 1) === 1 });
      }),
    );
  });

  it('of version 00 is taken exactly as it is written, and with any one character changed only where that is valid too', () => {
    fc.assert(
      fc.property(traceIds, spans, flags, fc.nat(54), fc.string({ minLength: 1, maxLength: 1 }), (...given) => {
        const [traceId, span, flag, at, other] = given;
        const header = `00-${traceId}-${span}-${flag}`;
        expect([header.length, readTrace(header)?.traceId]).toEqual([55, traceId]);
        const changed = header.slice(0, at) + other + header.slice(at + 1);
        const fields = /^(?!ff)[0-9a-f]{2}-(?!0{32})(?![0-9]{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
        expect(readTrace(changed)?.traceId).toBe(fields.exec(changed)?.[1]);
      }),
    );
  });

  it('never throws, and never makes an id out of what was none', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (traceparent, tracestate) => {
        const read = readTrace(traceparent, tracestate);
        if (read !== undefined) expect(read.traceId).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
  });

  it('as written is read back, also where chance gives nothing but zeros', () => {
    for (const byte of [0, 0xab]) {
      const header = traceparentOf({ traceId: TRACE, sampled: true }, { bytes: (n) => new Uint8Array(n).fill(byte) });
      expect(readTrace(header)).toEqual({ traceId: TRACE, sampled: true });
    }
  });
});

describe('tracestate', () => {
  it.each([
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    [' a=1 ,\t,b=2, ', 'a=1,b=2'],
    ['fw529a3039@dt=FfwzAA', 'fw529a3039@dt=FfwzAA'],
    ['1a@b=2', '1a@b=2'],
    [Array.from({ length: 32 }, (_, n) => `k${String(n)}=1`).join(','), expect.any(String)],
  ])('%j is taken', (given, kept) => expect(readTraceState(given)).toEqual(kept));

  it.each([
    ['nothing', ''],
    ['empty members only', ' , ,'],
    ['no value', 'a='],
    ['no equals sign', 'a'],
    ['an equals sign in the value', 'a=1=2'],
    ['a key in upper case', 'A=1'],
    ['a key that begins with a digit', '1a=1'],
    ['a key that is too long', `${'a'.repeat(257)}=1`],
    ['a key twice', 'a=1,a=2'],
    ['a name of a child in Unicode', 'a=Zoë'],
    ['a control character', 'a=\u0007'],
    ['33 members', Array.from({ length: 33 }, (_, n) => `k${String(n)}=1`).join(',')],
    ['513 characters', `a=${'1'.repeat(255)},b=${'1'.repeat(253)}`],
    ['no text', 7],
  ])('%s: left out', (_name, given) => expect(readTraceState(given)).toBeUndefined());

  it('that is wrong does not cost the trace', () => {
    expect(readTrace(`00-${TRACE}-${SPAN}-01`, 'A=1')).toEqual({ traceId: TRACE, sampled: true });
    expect(readTrace(`00-${TRACE}-${SPAN}-01`, 'a=1')?.state).toBe('a=1');
  });
});

describe('trace and correlation', () => {
  it('are the same bytes, both ways', () => {
    fc.assert(
      fc.property(traceIds, (traceId) => {
        const correlation = correlationIdOf(traceId);
        expect([isUuid(correlation), traceIdOf(correlation)]).toEqual([true, traceId]);
      }),
    );
    fc.assert(fc.property(fc.uuid(), (id) => expect(correlationIdOf(traceIdOf(id) ?? '')).toBe(id)));
  });

  it.each(['erasure', '', '00000000-0000-0000-0000-000000000000', TRACE])('%j carries no trace', (id) =>
    expect(traceIdOf(id)).toBeUndefined(),
  );
});

describe('a trace of another organisation’s', () => {
  const chance = () => {
    let calls = 0;
    return { bytes: (count: number) => new Uint8Array(count).fill((calls += 1)) };
  };

  it('is named by the signal that it is told of, the same at every attempt', () => {
    fc.assert(
      fc.property(fc.uuid(), (signal) => {
        const header = strangerTraceparent(signal, chance());
        expect([header.slice(3, 35), header.slice(-2)]).toEqual([signal.replaceAll('-', ''), '00']);
      }),
    );
  });

  it('is by chance where there is no such id, and never of zeros', () => {
    expect(strangerTraceparent(undefined, chance())).toBe(`00-${'01'.repeat(16)}-${'02'.repeat(8)}-00`);
    expect(strangerTraceparent('no-uuid', chance())).toBe(`00-${'01'.repeat(16)}-${'02'.repeat(8)}-00`);
    let asked = 0;
    expect(newTraceId({ bytes: (count) => new Uint8Array(count).fill(asked++ < 2 ? 0 : 1) })).toBe('01'.repeat(16));
  });
});
