// The vehicle stream: length-prefixed binary frames over fetch. See docs/reference/api.md.


/** One frame's columns, read without copying more than once. */
export function parseFrame(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  const x = new Uint16Array(count);
  const y = new Uint16Array(count);
  const mark = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    const at = 4 + row * 5;
    x[row] = view.getUint16(at, true);
    y[row] = view.getUint16(at + 2, true);
    mark[row] = view.getUint8(at + 4);
  }
  return { count, x, y, mark };
}

async function readOnce(url, onFrame, signal) {
  const response = await fetch(url, { signal, cache: "no-store" });
  if (!response.ok || !response.body) throw new Error(`stream answered ${response.status}`);
  const reader = response.body.getReader();
  let pending = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const joined = new Uint8Array(pending.length + value.length);
    joined.set(pending);
    joined.set(value, pending.length);
    let at = 0;
    while (joined.length - at >= 4) {
      const length = new DataView(joined.buffer, at, 4).getUint32(0, true);
      if (joined.length - at - 4 < length) break;
      onFrame(parseFrame(joined.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    pending = joined.slice(at);
  }
}

/** Read frames for ever, coming back after a break. `onState` hears "online" and "offline". */
export async function follow(url, onFrame, onState) {
  const stop = new AbortController();
  addEventListener("pagehide", () => stop.abort(), { once: true });
  let wait = 1000;
  while (!stop.signal.aborted) {
    try {
      await readOnce(
        url,
        (frame) => {
          wait = 1000;
          onState("online");
          onFrame(frame);
        },
        stop.signal,
      );
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    onState("offline");
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(15000, wait * 2);
  }
}

