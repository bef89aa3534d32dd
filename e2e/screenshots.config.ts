import { defineConfig } from 'playwright/test';
import journeys from './playwright.config.ts';

/** `npm run screenshots`: the pictures of the docs, taken from a running demo. */
export default defineConfig({ ...journeys, projects: [{ name: 'pictures', testMatch: 'take-screenshots.ts' }], timeout: 600_000 });
