// lint.mjs FILE: lints an OpenAPI description with Redocly's rules; exits 1 when there is a fault.
import { createConfig, formatProblems, getTotals, lint } from '@redocly/openapi-core';

const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    // Where it is served from is where it came from.
    'no-server-example.com': 'off',
    // HEAD, and what no client can do wrong.
    'operation-4xx-response': 'off',
    'operation-description': 'error',
    'tag-description': 'error',
    'no-unused-components': 'error',
    'no-invalid-schema-examples': 'error',
    'no-invalid-parameter-examples': 'error',
  },
});
const problems = await lint({ ref: process.argv[2], config });
const totals = getTotals(problems);
formatProblems(problems, { format: 'codeframe', totals, version: '' });
console.log(`${process.argv[2]}: ${totals.errors} errors, ${totals.warnings} warnings`);
process.exit(totals.errors + totals.warnings > 0 ? 1 : 0);
