/** Lines of a byte stream. A line longer than the bound fails the whole read: it can't be a batch of ours. */
export const MAX_LINE = 4 * 1024 * 1024;

export async function readLines(
  body: ReadableStream<Uint8Array>,
  onLine: (line: string, bytesSoFar: number) => void,
  onChunk: (bytesSoFar: number) => void = () => undefined,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let bytes = 0;
  const take = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = text.slice(from, end).trim();
      from = end + 1;
      if (line) onLine(line, bytes);
    }
    rest = text.slice(from);
    if (rest.length > MAX_LINE) throw new Error('line too long');
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      take(rest + decoder.decode(value, { stream: true }));
      onChunk(bytes);
    }
    take(`${rest}${decoder.decode()}\n`);
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}
