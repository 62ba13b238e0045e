/** Keyboard controller with a keyboard and a wheel mouse plugged in. */
import { defineDevice, Processor, Ps2Controller, restoreState } from "backplane/sdk";
import { createController, initialController } from "./controller.js";
import { createKeyboard, initialKeyboard } from "./keyboard.js";
import { createMouse, initialMouse } from "./mouse.js";

const initialPs2 = () => ({ controller: initialController(), keyboard: initialKeyboard(), mouse: initialMouse() });

export const intel8042 = defineDevice({
  id: "intel.8042",
  summary: "Keyboard controller (8042) with PS/2 keyboard and wheel mouse",
  provides: Ps2Controller,
  needs: { processor: Processor },
  state: { version: 1, initial: initialPs2 },
  resources: () => [
    { kind: "ports", base: 0x60, length: 1 },
    { kind: "ports", base: 0x64, length: 1 },
    { kind: "irq", line: 1 },
    { kind: "irq", line: 12 },
  ],
  create({ board, deps, state }) {
    const wake = (): void => controller.wake();
    const keyboard = createKeyboard(state.keyboard, wake);
    const mouse = createMouse(state.mouse, board.clock, wake);
    const controller = createController(board, deps.processor, state.controller, keyboard, mouse);
    return {
      role: {
        keyboard: {
          key: keyboard.key,
          get pending() {
            return keyboard.pending + (controller.keyWaits ? 1 : 0);
          },
          get leds() {
            return keyboard.leds;
          },
        },
        mouse: { move: mouse.move, buttons: mouse.buttons },
      },
      reset(kind) {
        if (kind === "power-on") restoreState(state, initialPs2());
        keyboard.reset();
        mouse.reset();
        controller.reset();
      },
    };
  },
});
