// Work that a visitor's machine does before it books, where the house asks for it (docs/adr/0015).
import { call } from "./page.js";

const K = [], H0 = [];
(() => {
  const frac = (x) => ((x - Math.floor(x)) * 0x100000000) | 0;
  for (let n = 2; K.length < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (H0.length < 8) H0.push(frac(Math.sqrt(n)));
    K.push(frac(Math.cbrt(n)));
  }
})();
// SHA-256: crypto.subtle is absent where the page is served without TLS, and slow for many short texts.
const sha256 = (text) => {
  const bytes = new TextEncoder().encode(text);
  const length = (bytes.length + 9 + 63) & ~63;
  const view = new DataView(new ArrayBuffer(length));
  bytes.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(bytes.length, 0x80);
  view.setUint32(length - 4, bytes.length * 8);
  const hash = [...H0], w = new Int32Array(64);
  const rot = (x, n) => (x >>> n) | (x << (32 - n));
  for (let at = 0; at < length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + (rot(a, 7) ^ rot(a, 18) ^ (a >>> 3)) + w[i - 7] + (rot(b, 17) ^ rot(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, k] = hash;
    for (let i = 0; i < 64; i++) {
      const one = (k + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const two = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      k = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, k].forEach((x, i) => { hash[i] = (hash[i] + x) | 0; });
  }
  return hash;
};
const zeros = (hash) => {
  let bits = 0;
  for (const word of hash) {
    bits += Math.clz32(word);
    if (word !== 0) break;
  }
  return bits;
};
/// A number that solves what the house asks, as the API wants it told.
export const solved = async () => {
  const asked = await call("GET", "/challenge");
  if (asked.kind !== "proof_of_work") return undefined;
  for (let number = 0; ; number++) {
    const text = `${asked.challenge}:${number}`;
    if (zeros(sha256(text)) >= asked.bits) return text;
    if (number % 2000 === 1999) await new Promise((next) => setTimeout(next));
  }
};
