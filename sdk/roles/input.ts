/** Human input. */
import { role } from "../contract/role.js";

export interface Keyboard {
  /** A key by its set-1 scan code: 01h-7Fh, or E000h + code for extended keys (E048h is cursor up). E11Dh is Pause. */
  key(code: number, down: boolean): void;
  /** Key events queued and not yet read by the guest. */
  readonly pending: number;
  /** Bit 0 scroll, 1 num, 2 caps: as last set by the guest. */
  readonly leds: number;
}
export const Keyboard = role<Keyboard>("keyboard");

export interface Mouse {
  /** Relative motion in counts (x right, y down), wheel clicks (towards the user is positive). */
  move(dx: number, dy: number, wheel?: number): void;
  /** Bit 0 left, 1 right, 2 middle. */
  buttons(mask: number): void;
}
export const Mouse = role<Mouse>("mouse");

/** The controller with both connectors filled. */
export interface Ps2Controller {
  readonly keyboard: Keyboard;
  readonly mouse: Mouse;
}
export const Ps2Controller = role<Ps2Controller>("ps2-controller");
