import tseslint from 'typescript-eslint';

/**
 * Arrows point one way (docs/architecture.md): libs <- identity, audit, policy <- approvals, connectors
 * <- auto-response, exchange <- briefing, live; operator and health may look at any public face.
 */
const MAY_IMPORT = {
  audit: [],
  identity: ['audit'],
  policy: ['audit', 'identity'],
  connectors: ['audit', 'identity', 'policy'],
  approvals: ['audit', 'identity', 'policy'],
  'auto-response': ['audit', 'identity', 'policy', 'connectors', 'approvals'],
  exchange: ['audit', 'identity', 'policy', 'approvals'],
  briefing: ['audit', 'identity', 'policy', 'connectors', 'approvals', 'auto-response'],
  live: ['audit', 'identity', 'policy', 'approvals', 'exchange'],
  health: ['audit', 'identity', 'policy', 'connectors', 'briefing', 'approvals', 'exchange', 'live'],
};
const MODULES = Object.keys(MAY_IMPORT);

const forbid = (names, why) => ({
  patterns: [
    ...names.map((name) => ({ group: [`#${name}`], message: why })),
    {
      group: MODULES.map((name) => `**/../${name}/**`),
      message: 'Import another module through its public face, "#name".',
    },
    { group: ['**/dist/**', '**/src/**', '**/libs/**'], message: 'Use the subpath imports "#name" and "#libs/name".' },
  ],
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.openclaw/**', 'coverage/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['libs/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', forbid(MODULES, 'libs knows nothing of src.')] },
  },
  ...MODULES.map((module) => ({
    files: [`src/${module}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        forbid(
          MODULES.filter((other) => other !== module && !MAY_IMPORT[module].includes(other)),
          `${module} may import ${MAY_IMPORT[module].join(', ') || 'libs only'}.`,
        ),
      ],
    },
  })),
);
