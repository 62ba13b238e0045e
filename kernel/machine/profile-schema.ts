/** The JSON Schema of profiles for a catalogue: what editors complete and underline while a profile is written. */
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { CPU_MODELS } from "../cpu/index.js";
import { configSchema, type JsonSchema } from "./configuration.js";
import { type Catalogue, MAX_MEMORY_MIB, MAX_TEXT, PATH_PATTERN } from "./profile-json.js";

const PATH = { type: "string", pattern: PATH_PATTERN, maxLength: MAX_TEXT };

const slotSchema = (definition: AnyDefinition): JsonSchema => ({
  title: definition.summary,
  type: "object",
  required: ["use"],
  additionalProperties: false,
  properties: {
    use: { const: definition.id, description: definition.summary },
    config: { $ref: `#/$defs/${definition.id}` },
    wires: {
      type: "object",
      description: "Fills a need with the provider at a path",
      additionalProperties: false,
      properties: Object.fromEntries(Object.keys(definition.needs as object).map((need) => [need, PATH])),
    },
  },
});

/** Knows everything but what depends on the base profile: which paths exist and which configuration keys a path takes. */
export const profileSchema = ({ definitions, profiles }: Catalogue): JsonSchema => {
  const roles = [...new Set(definitions.map((each) => each.provides.name))].sort();
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Backplane machine profile",
    type: "object",
    required: ["name"],
    additionalProperties: false,
    properties: {
      $schema: { type: "string", maxLength: MAX_TEXT },
      name: { type: "string", minLength: 1, maxLength: MAX_TEXT, description: "Name of the machine" },
      summary: { type: "string", maxLength: MAX_TEXT, description: "One line for lists" },
      extends: { enum: profiles.map((each) => each.name), description: "The profile to start from" },
      memory: { type: "integer", minimum: 1, maximum: MAX_MEMORY_MIB, description: "RAM in MiB" },
      cpu: { enum: CPU_MODELS.map((each) => each.name), description: "Processor model" },
      remove: { type: "array", items: PATH, description: "Devices of the base profile to leave out" },
      add: {
        type: "object",
        description: "Devices by path",
        propertyNames: PATH,
        additionalProperties: { oneOf: definitions.map(slotSchema) },
      },
      swap: {
        type: "object",
        description: "Another device for every slot of a role",
        additionalProperties: false,
        properties: Object.fromEntries(roles.map((role) => [role, { enum: definitions.filter((each) => each.provides.name === role).map((each) => each.id) }])),
      },
      set: { type: "object", description: "Configuration by path", propertyNames: PATH, additionalProperties: { type: "object" } },
    },
    $defs: Object.fromEntries(definitions.map((definition) => [definition.id, configSchema(definition)])),
  };
};
