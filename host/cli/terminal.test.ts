import { describe, expect, it } from "vitest";
import { parseChord, strokeOf } from "../api/keyboard-layout.js";
import { storeOnly } from "../api/png.js";
import { Screen } from "../api/screen.js";
import { FakeDisplay, FakeTerminal, fakeWaiter, until } from "../testing/fakes.js";
import { EscapeFilter } from "./escape.js";
import { Terminal } from "./terminal.js";
import { ansiRows, showScreen } from "./terminal-display.js";
import { terminalKeys } from "./terminal-keys.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("escapes", () => {
  const make = () => {
    const commands: string[] = [];
    const filter = new EscapeFilter((command) => commands.push(command));
    return { commands, feed: (text: string) => new TextDecoder().decode(filter.feed(bytes(text))) };
  };

  it("are commands, Ctrl-A itself, or nothing", () => {
    const { commands, feed } = make();
    expect(feed("ab\u0001xcd\u0001Pe\u0001zf")).toBe("abcdef");
    expect(commands).toEqual(["quit", "power-button"]);
    expect(feed("\u0001a\u0001\u0001\u0001Ax")).toBe("\u0001\u0001\u0001x");
  });

  it("may come in two reads, and leave Ctrl-C to the guest", () => {
    const { commands, feed } = make();
    expect(feed("\u0003\u0001")).toBe("\u0003");
    expect(feed("h")).toBe("");
    expect(commands).toEqual(["help"]);
  });
});

describe("keys of a terminal", () => {
  const keys = (text: string) => terminalKeys(text).map((key) => ("chord" in key ? key.chord : `'${key.character}'`));

  it.each([
    ["aB ~", ["'a'", "'B'", "' '", "'~'"]],
    ["\r\t\u007f\u0008", ["enter", "tab", "backspace", "backspace"]],
    ["\u0003\u001a\u001c\u0000", ["ctrl+c", "ctrl+z", "ctrl+\\", "ctrl+space"]],
    ["\u001b", ["escape"]],
    ["\u001b\u001b", ["escape", "escape"]],
    ["\u001b[A\u001b[B\u001bOC\u001b[D", ["up", "down", "right", "left"]],
    ["\u001bOP\u001b[15~\u001b[24~", ["f1", "f5", "f12"]],
    ["\u001b[2~\u001b[3~\u001b[5~\u001b[6~\u001b[H\u001b[F", ["insert", "delete", "pageup", "pagedown", "home", "end"]],
    ["\u001b[1;5A\u001b[3;3~\u001b[1;8D", ["ctrl+up", "alt+delete", "ctrl+alt+shift+left"]],
    ["\u001b[Z", ["shift+tab"]],
    ["\u001bx\u001bX\u001b+\u001b\r", ["alt+x", "alt+shift+x", "alt+plus", "alt+enter"]],
    ["\u001b[99~q", ["'q'"]],
    ["é", ["'é'"]],
  ])("%j", (input, expected) => expect(keys(input)).toEqual(expected));

  it("all exist on the machine's keyboard", () => {
    const everything = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join("");
    for (const key of [...terminalKeys(everything), ...Array.from({ length: 128 }, (_, code) => terminalKeys(`\u001b${String.fromCharCode(code)}`)).flat()]) {
      if ("character" in key) expect(strokeOf(key.character), key.character).toBeDefined();
      else expect(parseChord(key.chord).length).toBeGreaterThan(0);
    }
  });
});

describe("screen in a terminal", () => {
  const make = () => {
    const display = new FakeDisplay();
    return { display, screen: new Screen(display, fakeWaiter(), storeOnly) };
  };

  it("has the colours of the attributes and the cursor", () => {
    const { display, screen } = make();
    display.show("Hi", 5);
    display.cells.attributes.set([0x07, 0x1f, 0x1f, 0xc4]);
    const { rows, cursor } = ansiRows(screen, 80, 25);
    expect(rows).toEqual(["\u001b[37;40mH\u001b[97;44mi \u001b[31;101m \u001b[0m", "\u001b[37;40m    \u001b[0m"]);
    expect(cursor).toBe("\u001b[2;2H\u001b[?25h");
  });

  it("is cut to a small terminal", () => {
    const { display, screen } = make();
    display.show("Hi", 5);
    const { rows, cursor } = ansiRows(screen, 1, 1);
    expect(rows).toEqual(["\u001b[37;40mH\u001b[0m"]);
    expect(cursor).toBe("\u001b[?25l");
  });

  it("says that graphics are not shown", () => {
    const { display, screen } = make();
    display.mode = "graphics";
    expect(ansiRows(screen, 80, 25).rows[0]).toContain("graphics 4x2");
  });

  it("writes rows again that changed, and leaves the terminal as it was", async () => {
    const { display, screen } = make();
    display.show("one");
    const stdin = new FakeTerminal(true);
    const stdout = new FakeTerminal(true).collect();
    const streams = { stdin, stdout, stderr: new FakeTerminal() };
    const terminal = new Terminal(streams);
    expect(terminal.raw()).toBe(true);
    const stop = showScreen(screen, streams, terminal);
    await until(() => stdout.text.includes("one"), "the first picture");
    const before = stdout.text.length;
    display.show("two");
    await until(() => stdout.text.includes("two"), "the second");
    expect(stdout.text.slice(before)).not.toContain("\u001b[2;1H");
    display.show("end");
    stop();
    terminal.restore();
    await until(() => stdout.text.endsWith("\u001b[?1049l"), "the main screen");
    expect(stdout.text).toContain("end");
    expect(stdin.modes).toEqual([true, false]);
  });
});

describe("terminal", () => {
  it("is raw only when it is one, and restored once", () => {
    const stdin = new FakeTerminal();
    const listeners = process.listenerCount("exit");
    const terminal = new Terminal({ stdin, stdout: new FakeTerminal(), stderr: new FakeTerminal() });
    expect(terminal.raw()).toBe(false);
    terminal.restore();
    terminal.restore();
    expect(stdin.modes).toEqual([]);
    expect(process.listenerCount("exit")).toBe(listeners);
  });
});
