import tseslint from 'typescript-eslint';

/** Lower first: a folder may import only what stands before it (design §2). */
const order = [
  ['kernel'],
  ['database'],
  ['contracts', 'statutory'],
  ['event-log', 'vault', 'transparency'],
  ['projections'],
  ['identity'],
  ['sharing'],
  ['delivery'],
  ['nest-platform'],
];
const above = (lib) => {
  const level = order.findIndex((names) => names.includes(lib));
  return order.flatMap((names, at) => (at > level ? names : at === level ? names.filter((n) => n !== lib) : []));
};
const noNest = {
  group: ['@nestjs/*'],
  message: 'Nest stays at the edge: nest-platform, and *.module|controller|dto|handler.ts of an app.',
};
const noApps = { group: ['**/apps/**'], message: 'An app is imported by the hub alone.' };
const noTesting = { group: ['\\#testing', '\\#testing/*'], message: 'Fakes are for specs.' };
const esdb = { group: ['@eventstore/*'], message: 'Only libs/event-log/eventstoredb speaks to the server.' };
const kafka = { group: ['kafkajs'], message: 'Only libs/delivery/kafka speaks Kafka.' };
const upwards = (lib) => ({
  group: above(lib).flatMap((name) => [`\\#${name}`, `\\#${name}/*`]),
  message: 'Imports go downwards only (design §2).',
});
const restrict = (patterns) => ({
  'no-restricted-imports': ['error', { patterns: patterns.filter(({ group }) => group.length > 0) }],
});

const openCall = {
  selector:
    "CallExpression[callee.property.name='open'][callee.object.property.name='vault'], CallExpression[callee.property.name='open'][callee.object.name='vault']",
  message:
    'Plaintext is opened at few named places (design §1): add the file to eslint.config.js with its grant, or go through disclose.',
};
const clockAndChance = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'The clock is an argument.',
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The clock is an argument.' },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Chance is an argument.',
  },
];

/** Files that hold a grant to open: `use` as the design names it. */
const openers = [
  'libs/vault/**',
  'libs/sharing/src/disclose/**', // disclose
  'libs/sharing/src/break-glass/words.ts', // disclose
  'libs/sharing/src/erasure-request/**', // erase
  'libs/sharing/src/retention/**', // process:retention
  'libs/sharing/src/publish/**', // process:publish, process:quarantine
  'apps/sharing-protocol/src/signals/secrets.ts', // process:delivery
  'libs/nest-platform/src/core/**', // process:usage, handed to the view
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'var/**', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      'no-console': 'error',
    },
  },
  ...order.flat().map((lib) => ({
    files: [`libs/${lib}/**/*.ts`],
    rules: restrict([upwards(lib), noApps, noTesting, ...(lib === 'nest-platform' ? [] : [noNest]), esdb, kafka]),
  })),
  {
    files: ['apps/**/*.ts'],
    ignores: [
      '**/*.module.ts',
      '**/*.controller.ts',
      '**/*.dto.ts',
      '**/*.handler.ts',
      '**/main.ts',
      '**/test/**',
      '**/*.spec.ts',
    ],
    rules: restrict([noNest, noTesting, esdb, kafka]),
  },
  {
    files: ['libs/*/src/**/*.ts', 'libs/*/{sqlite,postgres,kafka,webhook,eventstoredb}/**/*.ts', 'apps/**/*.ts'],
    ignores: ['**/*.spec.ts', 'libs/testing/**', 'libs/nest-platform/src/**', 'apps/*/src/main.ts', 'apps/cli/**'],
    rules: { 'no-restricted-syntax': ['error', openCall, ...clockAndChance] },
  },
  { files: openers, ignores: ['**/*.spec.ts'], rules: { 'no-restricted-syntax': ['error', ...clockAndChance] } },
  {
    files: ['libs/nest-platform/src/**/*.ts'],
    ignores: ['libs/nest-platform/src/core/**', '**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', openCall] },
  },
  { files: ['libs/nest-platform/src/core/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: [
      '**/*.spec.ts',
      'libs/testing/**/*.ts',
      'libs/event-log/contract/**/*.ts',
      '**/test/**/*.ts',
      'infra/**/*.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { patterns: [esdb, kafka] }],
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // The one room that speaks to EventStoreDB, and its double.
  {
    files: ['libs/event-log/eventstoredb/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/test/**'],
    rules: restrict([upwards('event-log'), noApps, noTesting, noNest, kafka]),
  },
  {
    files: ['libs/event-log/eventstoredb/**/*.spec.ts', 'libs/event-log/eventstoredb/test/**/*.ts'],
    rules: restrict([kafka]),
  },
  // The one room that speaks Kafka.
  {
    files: ['libs/delivery/kafka/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/test/**'],
    rules: restrict([upwards('delivery'), noApps, noTesting, noNest, esdb]),
  },
  { files: ['libs/delivery/kafka/**/*.spec.ts', 'libs/delivery/kafka/test/**/*.ts'], rules: restrict([esdb]) },
  { files: ['apps/cli/**/*.ts', 'apps/*/src/main.ts'], rules: { 'no-console': 'off' } },
);
