const BODY_BYTES_MAX = 256 * 1024;
const BODY_MS_MAX = 10_000;

/** The whole body, or why it is refused: too large, or too slow. */
export async function readBody(request: Request): Promise<{ bytes: Uint8Array<ArrayBuffer> } | { status: number; message: string }> {
  const tooLarge = { status: 413, message: `The request is larger than ${BODY_BYTES_MAX} bytes.` };
  if (Number(request.headers.get('content-length') ?? '0') > BODY_BYTES_MAX) return tooLarge;
  if (request.body === null) return { bytes: new Uint8Array() };
  const reader = request.body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // Ends the pending read; the reader reports `done`.
    void reader.cancel();
  }, BODY_MS_MAX);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.byteLength;
      if (length > BODY_BYTES_MAX) {
        await reader.cancel();
        return tooLarge;
      }
      chunks.push(part.value);
    }
    return late ? { status: 408, message: 'The request came too slowly.' } : { bytes: new Uint8Array(Buffer.concat(chunks)) };
  } finally {
    clearTimeout(timer);
  }
}
