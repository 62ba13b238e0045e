/** A fast 64-bit hash: two 32-bit lanes over 32-bit words. Not cryptographic: it tells states apart, it does not resist forgery. */

const PAGE_WORDS = 1024;

export class StateHash {
  #a = 0x811c_9dc5 | 0;
  #b = 0x9e37_79b9 | 0;

  word(value: number): void {
    let a = Math.imul(this.#a ^ value, 0x85eb_ca6b);
    a ^= a >>> 15;
    const b = Math.imul(this.#b + value, 0xc2b2_ae35) | 0;
    this.#a = a;
    this.#b = ((b << 13) | (b >>> 19)) ^ a;
  }

  words(words: Int32Array): void {
    let a = this.#a;
    let b = this.#b;
    for (let index = 0; index < words.length; index++) {
      const value = words[index];
      a = Math.imul(a ^ value, 0x85eb_ca6b);
      a ^= a >>> 15;
      b = Math.imul(b + value, 0xc2b2_ae35) | 0;
      b = ((b << 13) | (b >>> 19)) ^ a;
    }
    this.#a = a;
    this.#b = b;
  }

  /** Any bytes, at any alignment; the length counts too. */
  bytes(bytes: Uint8Array): void {
    this.word(bytes.length);
    const whole = bytes.length & ~3;
    if (bytes.byteOffset % 4 === 0) this.words(new Int32Array(bytes.buffer, bytes.byteOffset, whole / 4));
    else for (let at = 0; at < whole; at += 4) this.word(bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    let rest = 0;
    for (let at = whole; at < bytes.length; at++) rest |= bytes[at] << ((at - whole) * 8);
    this.word(rest);
  }

  text(text: string): void {
    this.word(text.length);
    for (let at = 0; at < text.length; at++) this.word(text.charCodeAt(at));
  }

  /** Memory by pages of 4096 bytes at a word boundary; zero pages are only counted, which makes most of a machine's RAM cheap. */
  pages(bytes: Uint8Array): void {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    for (let page = 0; page * PAGE_WORDS < words.length; page++) {
      const here = words.subarray(page * PAGE_WORDS, (page + 1) * PAGE_WORDS);
      if (isZero(here)) continue;
      this.word(page);
      this.words(here);
    }
    this.word(words.length);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    let a = this.#a ^ (this.#b >>> 16);
    a = Math.imul(a ^ (a >>> 13), 0xc2b2_ae35);
    const b = Math.imul(this.#b ^ (a >>> 16), 0x85eb_ca6b);
    return [a ^ (a >>> 16), b ^ (b >>> 13)].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

export const isZero = (words: Int32Array): boolean => {
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
};
