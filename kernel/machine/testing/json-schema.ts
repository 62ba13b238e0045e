/** As much of a JSON Schema validator as our own schemas use; a keyword it does not know is an error. */
type Schema = { readonly [keyword: string]: unknown };

const ANNOTATIONS = new Set(["$schema", "$defs", "title", "description", "default"]);

export const conforms = (root: Schema, value: unknown, schema: Schema = root): boolean =>
  Object.entries(schema).every(([keyword, rule]) => ANNOTATIONS.has(keyword) || check(root, value, schema, keyword, rule));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const check = (root: Schema, value: unknown, schema: Schema, keyword: string, rule: unknown): boolean => {
  const sub = (each: unknown, its: unknown): boolean => conforms(root, each, its as Schema);
  switch (keyword) {
    case "$ref": {
      const name = (rule as string).replace("#/$defs/", "");
      return sub(value, (root["$defs"] as Record<string, Schema>)[name]);
    }
    case "type":
      if (rule === "object") return isObject(value);
      if (rule === "array") return Array.isArray(value);
      if (rule === "integer") return Number.isInteger(value);
      return typeof value === rule;
    case "const":
      return value === rule;
    case "enum":
      return (rule as unknown[]).includes(value);
    case "minimum":
      return typeof value !== "number" || value >= (rule as number);
    case "maximum":
      return typeof value !== "number" || value <= (rule as number);
    case "minLength":
      return typeof value !== "string" || [...value].length >= (rule as number);
    case "maxLength":
      return typeof value !== "string" || [...value].length <= (rule as number);
    case "pattern":
      return typeof value !== "string" || new RegExp(rule as string, "u").test(value);
    case "required":
      return !isObject(value) || (rule as string[]).every((key) => Object.hasOwn(value, key));
    case "properties":
      return !isObject(value) || Object.entries(rule as Record<string, Schema>).every(([key, its]) => !Object.hasOwn(value, key) || sub(value[key], its));
    case "additionalProperties": {
      if (!isObject(value)) return true;
      const known = Object.keys((schema["properties"] as object | undefined) ?? {});
      const others = Object.entries(value).filter(([key]) => !known.includes(key));
      return rule === false ? others.length === 0 : others.every(([, each]) => sub(each, rule));
    }
    case "propertyNames":
      return !isObject(value) || Object.keys(value).every((key) => sub(key, rule));
    case "items":
      return !Array.isArray(value) || value.every((each) => sub(each, rule));
    case "oneOf":
      return (rule as Schema[]).filter((its) => sub(value, its)).length === 1;
    default:
      throw new Error(`the test's validator lacks "${keyword}"`);
  }
};
