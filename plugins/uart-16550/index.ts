/** Serial ports: the 16550A with FIFOs and the plain 16450. Both play the role SerialPort. */
import { choice, defineDevice, irqLine, port, SerialPort } from "backplane/sdk";
import { initialUart } from "./state.js";
import { createUart, type UartVariant } from "./uart.js";

const serialPort = (id: string, summary: string, variant: UartVariant) =>
  defineDevice({
    id,
    summary,
    provides: SerialPort,
    config: {
      base: port(0x3f8, "First of eight I/O ports"),
      irq: irqLine(4, "Interrupt line"),
      pace: choice(["fast", "exact"], "How long a character takes: 1 microsecond, or as the programmed baud rate says"),
    },
    state: { version: 1, initial: initialUart },
    resources: (config) => [
      { kind: "ports", base: config.base, length: 8 },
      { kind: "irq", line: config.irq },
    ],
    create: ({ board, config, state }) => createUart(board, config, config.pace, variant, state),
  });

export const ns16550a = serialPort("ns.16550a", "Serial port with 16-byte FIFOs (16550A)", { fifos: true });
export const ns16450 = serialPort("ns.16450", "Serial port without FIFOs (16450)", { fifos: false });
