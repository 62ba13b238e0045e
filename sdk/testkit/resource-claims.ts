/** Compares what a device declares in `resources` with what it asked the board for. */
import { hex } from "../bits/index.js";
import type { Resource } from "../contract/resource.js";

interface Span {
  readonly base: number;
  readonly length: number;
}

const describe = (resource: Resource): string => {
  switch (resource.kind) {
    case "ports":
    case "mmio":
      return `${resource.kind} ${hex(resource.base)}-${hex(resource.base + resource.length - 1)}`;
    case "irq":
      return `IRQ ${resource.line}`;
    case "dma":
      return `DMA channel ${resource.channel}`;
    case "memory":
      return `memory block "${resource.name}"`;
  }
};

const within = (inner: Span, outer: Span): boolean => inner.base >= outer.base && inner.base + inner.length <= outer.base + outer.length;

const covers = (declared: Resource, claim: Resource): boolean => {
  switch (claim.kind) {
    case "ports":
    case "mmio":
      return declared.kind === claim.kind && within(claim, declared);
    case "irq":
      return declared.kind === "irq" && declared.line === claim.line;
    case "dma":
      return declared.kind === "dma" && declared.channel === claim.channel;
    case "memory":
      return declared.kind === "memory" && declared.name === claim.name;
  }
};

/** Whether the union of `spans` holds all of `wanted`. */
const fills = (wanted: Span, spans: readonly Span[]): boolean => {
  let reached = wanted.base;
  for (const { base, length } of [...spans].sort((a, b) => a.base - b.base)) if (base <= reached) reached = Math.max(reached, base + length);
  return reached >= wanted.base + wanted.length;
};

const isClaimed = (declared: Resource, claims: readonly Resource[], shown: readonly Span[]): boolean => {
  if (declared.kind !== "ports" && declared.kind !== "mmio") return claims.some((claim) => covers(declared, claim));
  const spans = claims.filter((claim): claim is Resource & Span => claim.kind === declared.kind);
  return fills(declared, declared.kind === "mmio" ? [...spans, ...shown] : spans);
};

const outOfRange = (resource: Resource): boolean => {
  const whole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most;
  switch (resource.kind) {
    case "ports":
      return !whole(resource.base, 0xffff) || resource.length < 1 || !whole(resource.base + resource.length, 0x1_0000);
    case "mmio":
      return !whole(resource.base, 0xffff_ffff) || resource.length < 1 || !whole(resource.base + resource.length, 2 ** 32);
    case "irq":
      return !whole(resource.line, 15);
    case "dma":
      return !whole(resource.channel, 7);
    case "memory":
      return !whole(resource.bytes, 2 ** 32) || resource.bytes < 4096 || resource.bytes % 4096 !== 0;
  }
};

/**
 * `shown` are the ranges at which memory blocks appeared: they count as claims of declared memory ranges.
 * `reserved` names what is declared only to keep others off (`IRQ 2`).
 */
export const resourceMistakes = (declared: readonly Resource[], claims: readonly Resource[], shown: readonly Span[], reserved: readonly string[]): string[] => [
  ...declared.filter(outOfRange).map((each) => `resources() declares ${describe(each)}, which no PC has`),
  ...claims.filter((claim) => !declared.some((each) => covers(each, claim))).map((claim) => `it claims ${describe(claim)}, which resources() does not declare`),
  ...reserved.filter((name) => !declared.some((each) => describe(each) === name)).map((name) => `"reserves" names ${name}, which resources() does not declare`),
  ...declared
    .filter((each) => !isClaimed(each, claims, shown) && !reserved.includes(describe(each)))
    .map((each) => `resources() declares ${describe(each)}, which it never claims`),
];
