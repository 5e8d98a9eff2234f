import { writeFileSync } from 'node:fs';
import { describeSettings } from '../../libs/nest-platform/src/config/settings.ts';
import { PROCESSES, type Process } from '../deploy/processes.ts';

/** What the set-up with servers gives a process on a machine of its own. Secrets are files. */
function given({ app, port }: Process): Readonly<Record<string, string>> {
  return {
    TELLONCE_HOST: '127.0.0.1',
    TELLONCE_PORT: String(port),
    TELLONCE_PUBLIC_URL: 'https://hub.example',
    TELLONCE_VAR: `/var/lib/tellonce/${app}`,
    TELLONCE_KEY_FILE: '/etc/tellonce/secrets/tellonce_key',
    TELLONCE_KEY_BUCKETS: '/var/lib/tellonce/key-buckets',
    TELLONCE_SHUTDOWN_WAIT_MS: '5000',
    TELLONCE_METRICS_TOKEN: '/etc/tellonce/secrets/metrics_token',
    TELLONCE_WITNESS_DIR: '/mnt/witness',
    EVENTSTORE_URL: '/etc/tellonce/secrets/eventstore_url',
    DATABASE_URL: `/etc/tellonce/secrets/database_url_${app.replaceAll('-', '_')}`,
    KAFKA_BROKERS: 'kafka.example:9092',
    KAFKA_SASL: '/etc/tellonce/secrets/kafka_sasl',
  };
}

/** The environment file of one process, as systemd, Docker and a shell read it: what it needs, then what it may be given. */
export function renderEnv(process: Process): string {
  const settings = new Map(describeSettings().map((setting) => [setting.name, setting]));
  const about = (name: string): readonly string[] => {
    const setting = settings.get(name);
    if (setting === undefined) throw new Error(`${name} is not a setting`);
    return [`# ${setting.description}`];
  };
  const values = given(process);
  const needed = process.needs.flatMap((name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${name} has no example`);
    return [...about(name), `${settings.get(name)?.secret === true ? `${name}_FILE` : name}=${value}`, ''];
  });
  const taken = process.takes.flatMap((name) => {
    const { default: standard, example = '', secret = false } = settings.get(name) ?? {};
    const line = secret ? `${name}_FILE=${values[name] ?? ''}` : `${name}=${standard ?? quoted(example)}`;
    return [...about(name), `#${line}`, ''];
  });
  const head = [
    `# ${process.app}: made from the settings by \`npx node infra/env/render.ts\`. Copy it, change the copy.`,
    '',
  ];
  return `${[...head, ...needed, ...taken].join('\n').trimEnd()}\n`;
}

function quoted(text: string): string {
  return /^[\w./:,@-]*$/.test(text) ? text : `'${text}'`;
}

if (import.meta.main) {
  for (const each of PROCESSES) writeFileSync(new URL(`${each.app}.env.example`, import.meta.url), renderEnv(each));
}
