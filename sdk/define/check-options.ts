/** What a configuration schema must be, for definitions written in JavaScript, which no compiler has looked at. */
import type { ConfigOption, ConfigSchema } from "../contract/config.js";

const NO_OPTION = "is no option: make it with port, irqLine, integer, flag, text, file or choice";

const problemOf = (option: ConfigOption): string | undefined => {
  if (option === null || typeof option !== "object") return NO_OPTION;
  if (typeof option.doc !== "string" || option.doc === "") return "has no line of documentation";
  switch (option.kind) {
    case "integer":
      for (const [name, value] of [
        ["default", option.default],
        ["minimum", option.min],
        ["maximum", option.max],
      ] as const)
        if (!Number.isSafeInteger(value)) return `has ${typeof value === "number" ? value : `a ${typeof value}`} as its ${name}: integer(default, minimum, maximum, doc)`;
      return option.default < option.min || option.default > option.max ? `has the default ${option.default}, which is not from ${option.min} to ${option.max}` : undefined;
    case "flag":
      return typeof option.default === "boolean" ? undefined : "is a flag whose default is neither true nor false";
    case "text":
      return typeof option.default === "string" && option.default.length <= option.maxLength
        ? undefined
        : `is a text whose default is none of at most ${option.maxLength} characters`;
    case "choice":
      return Array.isArray(option.choices) && option.choices.includes(option.default) ? undefined : "has no list of choices";
    default:
      return NO_OPTION;
  }
};

/** One line about the first option that cannot be one. */
export const optionProblem = (config: ConfigSchema): string | undefined => {
  for (const [key, option] of Object.entries(config)) {
    const problem = problemOf(option);
    if (problem) return `config.${key} ${problem}`;
  }
  return undefined;
};
