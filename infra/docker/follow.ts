import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { isSent, parseDockerfile, type Instruction } from './dockerfile.ts';

/** What the last stage of a recipe leaves: a folder that stands for the image's root, and how it is started there. */
export interface Followed {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ready for spawn, arguments added at the end. */
  readonly entrypoint: readonly string[];
  readonly health: readonly string[];
}

const run = promisify(execFile);

/**
 * Follows a Dockerfile without an engine: each stage is a folder below `into`, its steps run on this machine with this Node, and nothing
 * but what the ignore file lets through is copied from the repository. Stages are made once and shared between calls by their folder.
 */
export async function follow(
  recipe: string,
  args: Readonly<Record<string, string>>,
  root: string,
  into: string,
): Promise<Followed> {
  const all = parseDockerfile(recipe);
  const names = all.filter(({ name }) => name === 'FROM').map(({ text }) => / AS (\S+)$/i.exec(text)?.[1]);
  const folders = names.map((name) => join(into, name ?? `last-${Object.values(args).join('-')}`));
  const stages = names.map((_, at) => new Stage(folders[at] ?? '', at === names.length - 1 ? args : {}));
  for (const [at, stage] of stages.entries()) {
    const made = at < stages.length - 1 && stage.exists();
    for (const step of all.filter((each) => each.stage === at)) await stage.take(step, made, root, names, folders);
  }
  const last = stages.at(-1);
  if (last === undefined) throw new Error('a recipe has a stage');
  return last.followed();
}

class Stage {
  readonly #folder: string;
  readonly #args: Readonly<Record<string, string>>;
  readonly #env: Record<string, string> = {};
  #workdir = '/';
  #entrypoint: readonly string[] = [];
  #health: readonly string[] = [];

  constructor(folder: string, args: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#args = args;
  }

  exists(): boolean {
    return statSync(this.#folder, { throwIfNoEntry: false }) !== undefined;
  }

  async take(
    { name, text }: Instruction,
    made: boolean,
    root: string,
    names: readonly (string | undefined)[],
    folders: readonly string[],
  ): Promise<void> {
    if (name === 'WORKDIR') {
      this.#workdir = text;
      mkdirSync(this.#at(text), { recursive: true });
    }
    if (name === 'ENV') {
      for (const [, key = '', value = ''] of text.matchAll(/([A-Z_]+)=(\S+)/g)) this.#env[key] = this.#filled(value);
    }
    if (name === 'ENTRYPOINT') this.#entrypoint = JSON.parse(text) as string[];
    if (name === 'HEALTHCHECK') this.#health = JSON.parse(text.slice(text.indexOf('['))) as string[];
    if (made) return;
    if (name === 'COPY') this.#copy(text, root, names, folders);
    if (name === 'RUN') {
      const script = text.replaceAll('/var/lib/', `${this.#folder}/var/lib/`);
      const env = { ...process.env, ...this.#args, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
      await run('sh', ['-c', script], { cwd: this.#at(this.#workdir), env: withoutJest(env), maxBuffer: 1 << 26 });
    }
  }

  followed(): Followed {
    const env = Object.fromEntries(
      Object.entries(this.#env).map(([key, value]) => [
        key,
        value.replace(/^\/var\/lib\//, `${this.#folder}/var/lib/`),
      ]),
    );
    const workdir = this.#at(this.#workdir);
    return { root: this.#folder, workdir, env, entrypoint: this.#entrypoint, health: this.#health };
  }

  #copy(text: string, root: string, names: readonly (string | undefined)[], folders: readonly string[]): void {
    const words = this.#filled(text).split(' ');
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    const paths = words.filter((word) => !word.startsWith('--'));
    const to = paths.at(-1) ?? '';
    const ignore = from === undefined ? readFileSync(join(root, '.dockerignore'), 'utf8') : undefined;
    for (const path of paths.slice(0, -1)) {
      const source = from === undefined ? join(root, path) : join(folders[names.indexOf(from)] ?? '', path);
      const into = to.endsWith('/') ? join(to, path.split('/').at(-1) ?? '') : to;
      cpSync(source, this.#at(join(this.#workdir, into)), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (each) => ignore === undefined || isSent(ignore, relative(root, each)),
      });
    }
  }

  #at(path: string): string {
    return join(this.#folder, path);
  }

  #filled(text: string): string {
    return text.replace(/\$\{(\w+)\}/g, (_, name: string) => this.#args[name] ?? '');
  }
}

function withoutJest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('npm_')),
  );
}
