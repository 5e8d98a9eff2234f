import { familyOf, type EventLog } from '#event-log';

/** The log, telling of each append and read what it was of: `append look`. */
export function counted(log: EventLog, tell: (what: string) => void): EventLog {
  return new Proxy(log, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]) => {
        if (['append', 'readStream', 'tail'].includes(String(name)))
          tell(`${String(name)} ${familyOf(String(given[0]))}`);
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
}
