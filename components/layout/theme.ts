'use client';
import { createTheme } from '@mantine/core';

const SYSTEM_FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, sans-serif';
const MONO_FONTS = 'ui-monospace, SFMono-Regular, "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const closeButtonProps = { 'aria-label': 'Close' };

/** Dense and calm: small text, small radius, one accent. Chart colours are in `charts/outcome.ts`. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 5 },
  fontFamily: SYSTEM_FONTS,
  fontFamilyMonospace: MONO_FONTS,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.25rem', xl: '2rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.125rem', lineHeight: '1.4' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem' },
    },
  },
  // A blue-grey scale, so that Mantine's own parts sit on the surfaces of globals.css.
  colors: {
    dark: ['#e6eaf3', '#c3c9d4', '#9aa4b2', '#717b8a', '#464d59', '#353b46', '#23272e', '#1b1e24', '#171a1f', '#14161a'],
  },
  // Plain objects: `Component.extend` would bring every one of these into every page's script.
  components: {
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm', fz: 'sm', highlightOnHover: true } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4 }, closeButtonProps },
      styles: { title: { fontWeight: 600, overflowWrap: 'anywhere' } },
    },
    Drawer: { defaultProps: { overlayProps: { backgroundOpacity: 0.25 }, closeButtonProps }, styles: { title: { fontWeight: 600 } } },
  },
});
