/** Imports run one way: app -> components -> contract, and `import type` of the router; trpc -> control -> engine, db; demo -> the engine's public door. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'engine-stands-alone',
      severity: 'error',
      comment: 'The engine packs and installs by itself: it imports nothing out of its folder but its own dependencies.',
      from: { path: '^server/engine/' },
      to: {
        pathNot: [
          '^server/engine/',
          '^node_modules/(ioredis|zod|hdr-histogram-js|lru-cache|msgpackr|@ioredis)/',
          '^node_modules/(vitest|fast-check|protobufjs)/',
        ],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'engine-tests-only-in-tests',
      severity: 'error',
      from: { path: '^server/engine/', pathNot: '\\.test\\.ts$' },
      to: { path: '^node_modules/(vitest|fast-check|protobufjs)/' },
    },
    {
      name: 'engine-only-through-its-door',
      severity: 'error',
      comment: 'Everybody else uses the package, as any service does. Its own tests may look inside.',
      from: { path: '^(app|components|server|e2e)/', pathNot: ['^server/engine/', '^server/testing/'] },
      to: { path: '^server/engine/', pathNot: '^server/engine/dist/index\\.(js|d\\.ts)$' },
    },
    {
      name: 'demo-uses-the-public-door',
      severity: 'error',
      from: { path: '^server/demo/' },
      to: { path: '^(app|components|server/(?!demo/|engine/))' },
    },
    {
      name: 'browser-imports-contract-only',
      severity: 'error',
      comment: 'Of the server, the browser gets the contract, and the type of the router.',
      from: { path: '^components/' },
      to: { path: '^server/(?!contract/)', dependencyTypesNot: ['type-only'] },
    },
    { name: 'components-not-app', severity: 'error', from: { path: '^components/' }, to: { path: '^app/' } },
    {
      name: 'contract-imports-zod-only',
      severity: 'error',
      from: { path: '^server/contract/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^server/contract/', '^node_modules/zod/'] },
    },
    { name: 'server-not-ui', severity: 'error', from: { path: '^server/' }, to: { path: '^(app|components)/' } },
    {
      name: 'db-knows-nothing-above',
      severity: 'error',
      from: { path: '^server/db/', pathNot: '\\.test\\.ts$' },
      to: { path: '^server/(trpc|control|streams|auth|demo|container)' },
    },
    {
      name: 'control-not-trpc',
      severity: 'error',
      from: { path: '^server/(control|streams|auth)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^server/trpc/' },
    },
    {
      name: 'no-testing-in-product',
      severity: 'error',
      from: { path: '^(app|components|server)/', pathNot: ['^server/testing/', '\\.test\\.tsx?$'] },
      to: { path: '^server/testing/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)dist/', '(^|/)\\.next/'] },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
