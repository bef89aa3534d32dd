/** As in package.json, which a bundled engine cannot read. */
export const engineVersion = '0.1.0';
