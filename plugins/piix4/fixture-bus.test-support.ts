/** A PCI bus for the tests in this folder: configuration space with writable masks, nothing else. */
import type { PciBus, PciFunction, PciFunctionSpec } from "backplane/sdk";

export interface FixtureBus extends PciBus {
  /** Drives a wire into the router. */
  pirq(pirq: number, level: boolean): void;
  /** What the only function was attached with. */
  readonly spec: PciFunctionSpec;
  write(offset: number, width: 1 | 2 | 4, value: number): void;
  reset(): void;
}

export const fixtureBus = (): FixtureBus => {
  const config = new Uint8Array(256);
  const writable = new Uint8Array(256);
  let spec: PciFunctionSpec;
  let sink: (pirq: number, level: boolean) => void = () => {};
  const initialise = (): void => {
    config.fill(0);
    for (const register of spec.registers ?? []) {
      config[register.offset] = register.value;
      writable[register.offset] = register.writable;
    }
  };
  const fn: PciFunction = { config, device: 7, function: 0, interrupt: () => {}, busMasterEnabled: false, barBase: () => undefined };
  const bus: FixtureBus = {
    attach(_board, given) {
      spec = given;
      initialise();
      return fn;
    },
    functions: () => [fn],
    configRead: (_device, _fn, offset) => config[offset],
    configWrite: (_device, _fn, offset, width, value) => bus.write(offset, width, value),
    connectRouter: (connected) => {
      sink = connected;
    },
    pirq: (pirq, level) => sink(pirq, level),
    get spec() {
      return spec;
    },
    write(offset, width, value) {
      for (let byte = 0; byte < width; byte++) {
        const mask = writable[offset + byte];
        config[offset + byte] = (config[offset + byte] & ~mask) | ((value >>> (byte * 8)) & mask);
      }
      spec.onConfigWrite?.(offset, width);
    },
    reset() {
      initialise();
      spec.onConfigWrite?.(4, 252);
    },
  };
  return bus;
};
