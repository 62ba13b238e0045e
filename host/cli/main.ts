/** The `backplane` command. */
import { createRequire } from "node:module";
import { nearest } from "../../kernel/machine/index.js";
import { isBackplaneError } from "../../sdk/contract/errors.js";
import { type Arguments, describeOptions, type OptionSpec, parseArguments, usageError } from "./arguments.js";
import { DEVICES_OPTIONS, listDevices } from "./devices.js";
import { ESCAPE_HELP } from "./escape.js";
import { GUEST_FAILED, USAGE_ERROR } from "./exit-status.js";
import { PROFILE_OPTIONS, profileCommand } from "./profile.js";
import { run } from "./run.js";
import { RUN_OPTIONS } from "./run-options.js";
import { flushed, type Streams } from "./streams.js";

interface Command {
  readonly usage: string;
  readonly about: string;
  readonly options: readonly OptionSpec[];
  readonly positionals: number;
  readonly more?: string;
  perform(args: Arguments, streams: Streams): Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    usage: "backplane run [PROFILE] [options]",
    about: "Run a machine. Without --kernel or a medium it boots Debian's Linux kernel to a shell.",
    options: RUN_OPTIONS,
    positionals: 1,
    more: `\nPROFILE is a profile's name or a JSON file. On the terminal:\n${ESCAPE_HELP.map((line) => `  ${line}\n`).join("")}\nExit status: 0 the guest powered off or you left, 2 wrong usage or configuration, 3 triple fault or internal error, 124 timeout.\n`,
    perform: run,
  },
  devices: {
    usage: "backplane devices [--json]",
    about: "List every device with its role, configuration and resources.",
    options: DEVICES_OPTIONS,
    positionals: 0,
    perform: async (args, streams) => {
      await listDevices(args, streams);
      return 0;
    },
  },
  profile: {
    usage: "backplane profile show [NAME|FILE] | validate NAME|FILE | schema",
    about: "Show profiles, check one, or print the JSON Schema of profile files.",
    options: PROFILE_OPTIONS,
    positionals: 2,
    perform: async (args, streams) => {
      await profileCommand(args, streams);
      return 0;
    },
  },
};

const overview = (): string =>
  `backplane: an open virtual server, assembled from plugins\n\n${Object.values(COMMANDS)
    .map(({ usage, about }) => `  ${usage}\n      ${about}\n`)
    .join("")}\n  backplane COMMAND --help tells more; backplane --version tells the version.\n`;

const helpOf = ({ usage, about, options, more = "" }: Command): string => `${usage}\n\n${about}\n\n${describeOptions(options)}${more}`;

const version = (): string => (createRequire(import.meta.url)("backplane/package.json") as { version: string }).version;

const perform = async (argv: readonly string[], streams: Streams): Promise<number> => {
  const [name, ...rest] = argv;
  if (name === "--help" || name === "-h" || name === "help") {
    const command = rest[0] === undefined || !Object.hasOwn(COMMANDS, rest[0]) ? undefined : COMMANDS[rest[0]];
    streams.stdout.write(command ? helpOf(command) : overview());
    return 0;
  }
  if (name === "--version" || name === "version") {
    streams.stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === undefined) {
    streams.stderr.write(overview());
    return USAGE_ERROR;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const near = nearest(name, Object.keys(COMMANDS));
    throw usageError(`there is no command "${name}"; ${near ? `did you mean "${near}"?` : "backplane --help lists them"}`);
  }
  const command = COMMANDS[name];
  const args = parseArguments(name, rest, command.options, command.positionals);
  if (args.has("help")) {
    streams.stdout.write(helpOf(command));
    return 0;
  }
  return command.perform(args, streams);
};

/** Runs one command and resolves with the exit status. Never rejects: what goes wrong is told on standard error. */
export const main = async (argv: readonly string[], streams: Streams = process): Promise<number> => {
  let status: number;
  // A reader that has left (| head) is no error; a command that must stop then listens itself.
  streams.stdout.on("error", () => {});
  try {
    status = await perform(argv, streams);
  } catch (error) {
    const known = isBackplaneError(error);
    const text = known ? error.message.replace(/\s*\n\s*/g, " ") : `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    streams.stderr.write(`backplane: ${text}\n`);
    status = known ? USAGE_ERROR : GUEST_FAILED;
  }
  await Promise.all([flushed(streams.stdout), flushed(streams.stderr)]);
  return status;
};
