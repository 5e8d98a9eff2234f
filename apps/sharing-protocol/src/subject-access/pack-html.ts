import type { Json } from '#kernel';
import type { AccessPack } from './pack.ts';

/** A release as one page: no scripts, nothing fetched from elsewhere, headings and tables that a screen reader can follow. */
export function packHtml(pack: AccessPack): string {
  const title = pack.state === 'draft' ? 'Draft answer to a subject access request' : 'What is held about your child';
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
body { font: 1.1rem/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #0b0c0c; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem }
caption { text-align: left; font-weight: bold }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #505a5f }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>Request ${escaped(pack.request)}</p>
<h2>Who holds what</h2>
${pack.sources.map(sourcePart).join('\n')}
<h2>What was told to the hub</h2>
${pack.facts.map(factPart).join('\n')}
<h2>Who has looked</h2>
${table('Looks, newest first', ['When', 'Organisation', 'Role', 'Purpose', 'About'], looksRows(pack))}
<h2>How long it is kept here</h2>
${table('By organisation and kind', ['Organisation', 'Kind', 'Until', 'Because of'], retentionRows(pack))}
<h2>What you may do</h2>
<ul>
${pack.rights.map((right) => `<li>${escaped(right)}</li>`).join('\n')}
</ul>
</main>
</body>
</html>
`;
}

/** Text as it may stand in HTML, in an element or in quotes. */
export function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? '');
}

const ANSWERS: Readonly<Record<string, string>> = {
  content: 'holds information in its own system:',
  'nothing-held': 'holds nothing more in its own system.',
  'not-known-here': 'does not know this person in its own system.',
  'in-the-hub': 'told the hub what is shown below.',
  'not-answered-yet': 'has not answered yet.',
};

function sourcePart({ name, answer, content, mark }: AccessPack['sources'][number]): string {
  const said = `<h3>${escaped(name)}</h3>\n<p>${escaped(`${name} ${ANSWERS[answer] ?? answer}`)}${marked(mark)}</p>`;
  return content === undefined ? said : `${said}\n<pre>${escaped(content)}</pre>`;
}

function factPart(fact: AccessPack['facts'][number]): string {
  const rows = Object.entries(fact.data).map(([name, value]) => [spaced(name), plain(value)]);
  const from = `From ${fact.organisation}, about ${fact.happenedOn}, told on ${fact.recordedAt.slice(0, 10)}`;
  const corrected = fact.correctionReason === undefined ? '' : `<p>Corrected: ${escaped(fact.correctionReason)}</p>`;
  return `<section>
<h3>${escaped(spaced(fact.type.split('.')[1] ?? fact.type))}</h3>
<p>${escaped(from)}${marked(fact.mark)}</p>${corrected}
${table(`Details: ${fact.category}`, ['What', 'As it was told'], rows)}
</section>`;
}

function looksRows({ looks }: AccessPack): readonly (readonly string[])[] {
  return looks.map(({ time, organisation, role, purpose, categories }) => [
    time.slice(0, 16).replace('T', ' '),
    organisation,
    spaced(role),
    spaced(purpose),
    categories.join(', '),
  ]);
}

function retentionRows({ retention }: AccessPack): readonly (readonly string[])[] {
  return retention.map((each) => [
    each.organisation,
    each.category,
    'until' in each ? each.until : 'not known yet',
    'until' in each ? each.source : spaced(each.unknown),
  ]);
}

function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p>None.</p>';
  const head = heads.map((each) => `<th scope="col">${escaped(each)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<table><caption>${escaped(caption)}</caption>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody></table>`;
}

function marked(mark: string | undefined): string {
  return mark === undefined ? '' : ` <strong>[${escaped(spaced(mark))}]</strong>`;
}

function plain(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return JSON.stringify(value ?? null);
  return (value as readonly Json[]).map((each) => plain(each)).join('; ');
}

/** `howBestToSupportMe` and `sen-support` as words. */
function spaced(name: string): string {
  return name.replace(/-/g, ' ').replace(/([a-z])([A-Z])/g, (_all, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}
