/** One instruction of a Dockerfile, in the stage it belongs to. */
export interface Instruction {
  readonly name: string;
  /** What follows the name, flags included, continued lines joined. */
  readonly text: string;
  readonly stage: number;
}

/** What the rules are held against besides the file itself. */
export interface Surroundings {
  /** Whether the build sees this path: it is in the repository and not ignored. */
  readonly sent: (path: string) => boolean;
  /** Apps the recipe must start, `cli` included. */
  readonly apps: readonly string[];
  /** Whether an app is built to `dist/apps/<app>/src/main.js`. */
  readonly built: (path: string) => boolean;
  /** Names that an environment may hold. */
  readonly settings: ReadonlySet<string>;
  /** The Node the project is tested with. */
  readonly node: string;
}

/** Reads a Dockerfile: comments dropped, lines joined at a backslash. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const joined = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ');
  let stage = -1;
  return joined
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(/\s+/);
      if (name.toUpperCase() === 'FROM') stage += 1;
      return { name: name.toUpperCase(), text: rest.join(' '), stage };
    });
}

const SECRET = /(password|passwd|secret|token|credential|api_?key|private|_key)\b/i;

/** What is wrong with a recipe by our rules, in words; nothing where all hold. */
export function lintDockerfile(text: string, around: Surroundings): readonly string[] {
  const all = parseDockerfile(text);
  const froms = all.filter(({ name }) => name === 'FROM');
  const last = all.filter(({ stage }) => stage === froms.length - 1);
  const of = (name: string, within = last): readonly string[] =>
    within.filter((each) => each.name === name).map((each) => each.text);
  return [
    ...froms.flatMap(({ text: from }) => base(from, around.node)),
    ...users(of('USER').at(-1)),
    ...copies(all, around),
    ...environments(all, around.settings),
    ...installs(all, of('COPY')),
    ...starts(of('ENTRYPOINT').at(-1), around),
    ...(of('HEALTHCHECK').some((check) => /CMD \["node", "infra\/docker\/health\.mjs"/.test(check))
      ? []
      : ['no health check through Node']),
    ...(of('LABEL').some((label) => /org\.opencontainers\.image\.title/.test(label)) ? [] : ['no labels']),
    ...(all.some(({ name }) => name === 'ADD') ? ['ADD fetches and unpacks: use COPY'] : []),
    ...(all.some(({ name, text: run }) => name === 'RUN' && /curl|wget|sudo/.test(run))
      ? ['a step fetches something that is not pinned']
      : []),
  ];
}

function base(from: string, node: string): readonly string[] {
  const [image = ''] = from.split(' ');
  if (!image.startsWith('node:')) return [`${image} is not Node's own image`];
  return image.startsWith(`node:${node}-`) ? [] : [`${image} is not pinned to the Node of package.json, ${node}`];
}

function users(user: string | undefined): readonly string[] {
  return /^[1-9]\d{3,}:[1-9]\d{3,}$/.test(user ?? '')
    ? []
    : ['the last stage does not end as a numbered user that is not root'];
}

function copies(all: readonly Instruction[], { sent }: Surroundings): readonly string[] {
  const stages = all.filter(({ name }) => name === 'FROM').map(({ text }) => / AS (\S+)$/i.exec(text)?.[1]);
  return all
    .filter(({ name }) => name === 'COPY')
    .flatMap(({ text, stage }) => {
      const words = text.split(' ');
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
      if (from !== undefined) {
        return stages.slice(0, stage).includes(from) ? [] : [`COPY from ${from}, which is no stage before it`];
      }
      return words
        .filter((word) => !word.startsWith('--'))
        .slice(0, -1)
        .filter((path) => !sent(path))
        .map((path) => `COPY of ${path}, which is not there or not sent`);
    });
}

function environments(all: readonly Instruction[], settings: ReadonlySet<string>): readonly string[] {
  const names = all
    .filter(({ name }) => name === 'ENV' || name === 'ARG')
    .flatMap(({ text }) =>
      [...text.matchAll(/(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)(?==|$)/g)].map((match) => match[1] ?? ''),
    );
  return [
    ...names.filter((name) => SECRET.test(name)).map((name) => `${name} would leave a secret in the image`),
    ...names
      .filter((name) => name.startsWith('TELLONCE_') && !settings.has(name))
      .map((name) => `${name} is no setting`),
  ];
}

function installs(all: readonly Instruction[], lastCopies: readonly string[]): readonly string[] {
  const runs = all.filter(({ name }) => name === 'RUN');
  const stageOf = lastCopies
    .map((copy) => /--from=(\S+) \S*node_modules/.exec(copy)?.[1])
    .find((name) => name !== undefined);
  const index = all
    .filter(({ name }) => name === 'FROM')
    .findIndex(({ text }) => text.endsWith(` AS ${stageOf ?? ''}`));
  const lean = runs.some(({ stage, text }) => stage === index && /npm ci .*--omit=dev/.test(text));
  return [
    ...(runs.some(({ text }) => /npm (install|i)\b/.test(text)) ? ['npm install may take other versions: npm ci'] : []),
    ...(lean ? [] : ['what runs does not come from an install without the tools of development']),
  ];
}

function starts(entrypoint: string | undefined, { apps, built }: Surroundings): readonly string[] {
  const path = /exec node \\?"(dist\/apps\/\$APP\/src\/main\.js)\\?"/.exec(entrypoint ?? '')?.[1];
  if (path === undefined) return ['it does not start dist/apps/$APP/src/main.js in place of the shell'];
  return apps
    .map((app) => path.replace('$APP', app))
    .filter((each) => !built(each))
    .map((each) => `${each} is not built`);
}

/** Whether Docker's ignore file lets a path through: the last pattern that fits decides. Patterns as we use them: `*`, `**`, names, `!`. */
export function isSent(ignore: string, path: string): boolean {
  let sent = true;
  for (const line of ignore.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '');
    const expression = pattern
      .split(/(\*\*\/|\*)/)
      .map((part) => (part === '**/' ? '(.*/)?' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
      .join('');
    if (new RegExp(`^${expression}(/.*)?$`).test(path)) sent = line.startsWith('!');
  }
  return sent;
}
