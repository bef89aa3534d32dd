/** @type {import('next').NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  images: { unoptimized: true },
  // `npm run verify` checks the types of everything, once.
  typescript: { ignoreBuildErrors: true },
  // One copy of each in the process, loaded as Node loads it.
  serverExternalPackages: ['sideboard-engine', 'ioredis', 'pg', 'pino', 'better-auth', 'drizzle-orm', 'hdr-histogram-js'],
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'X-Frame-Options', value: 'DENY' },
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
      ],
    },
  ],
};

export default config;
